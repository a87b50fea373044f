/**
 * @file Which pages a conversation can reach: the public ones and, once its customer is known, the customer's own.
 * Enforced where requests leave the browser, so that neither a customer's message nor a page can lead the agent to
 * another customer's data.
 */

import type { EpisodeGuard, MakeGuard, OutgoingRequest } from "../../browser/guard.ts";
import { READING } from "../../browser/guard.ts";
import { pathFits } from "../../safety/classify.ts";
import type { Values } from "./fields.ts";
import type { ServicePolicy } from "./policy.ts";

export interface Reach {
  /** What is known of the customer; `null` until who they are has been checked. */
  customer: Values | null;
  /** A customer's page was refused because the customer is not known yet. */
  wantsIdentity: boolean;
  allows(url: URL, method: string): boolean;
  /** Whether a page is one of the customer's that lists what is theirs. */
  isList(page: string): boolean;
  /** Takes the links of a page: pages that one of the customer's lists links to are the customer's. */
  sawLinks(page: string, links: readonly string[]): void;
}

/** `home`: the host of patterns without one. */
export function openReach(pages: ServicePolicy["pages"], home: string): Reach {
  const listed: string[] = [];
  const fits = (pattern: string, url: URL): boolean => {
    const slash = pattern.indexOf("/");
    const host = slash === 0 ? home : pattern.slice(0, slash);
    return url.host === host && pathFits(pattern.slice(slash), decodePath(url));
  };
  const fill = (pattern: string, customer: Values) =>
    pattern.replace(/\{([^{}]*)\}/g, (whole, name: string) => customer[name] ?? whole);
  const isOwn = (url: URL, customer: Values): boolean =>
    pages.own.some((pattern) => fits(fill(pattern, customer), url)) ||
    pages.lists.some(({ on }) => fits(fill(on, customer), url)) ||
    listed.some(
      (path) => url.host === home && (decodePath(url) === path || decodePath(url).startsWith(`${path}/`)),
    );
  return {
    customer: null,
    wantsIdentity: false,
    allows(url, method) {
      if (isAmbiguous(url)) return false;
      if (READING.has(method) && pages.public.some((pattern) => fits(pattern, url))) return true;
      return this.customer !== null && isOwn(url, this.customer);
    },
    isList(page) {
      const { customer } = this;
      if (customer === null || !URL.canParse(page)) return false;
      return pages.lists.some(({ on }) => fits(fill(on, customer), new URL(page)));
    },
    sawLinks(page, links) {
      const { customer } = this;
      if (customer === null || !URL.canParse(page)) return;
      for (const { on, link } of pages.lists) {
        if (!fits(fill(on, customer), new URL(page))) continue;
        for (const address of links) {
          if (!URL.canParse(address)) continue;
          const url = new URL(address);
          if (
            url.host === home &&
            !isAmbiguous(url) &&
            pathFits(link, decodePath(url)) &&
            !listed.includes(decodePath(url))
          )
            listed.push(decodePath(url));
        }
      }
    },
  };
}

function decodePath({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

/** Servers interpret such paths differently: what looks like the customer's may be somebody else's. */
const isAmbiguous = ({ pathname }: URL) => /%2f|%5c|%2e|%00|%25|\\|\/\/|;/i.test(pathname);

/**
 * Files that a page needs for drawing. They are requested by reads, never as a page or by a script that fetches data.
 */
const ASSET = /\.(?:css|js|mjs|woff2?|ttf|otf|png|jpe?g|gif|svg|webp|avif|ico|map)$/i;

function isAsset({ method, url, headers }: OutgoingRequest): boolean {
  if (!READING.has(method) || /\btext\/html\b/.test(headers["accept"] ?? "")) return false;
  const destination = headers["sec-fetch-dest"];
  if (destination !== undefined) return /^(?:style|script|image|font|worker|manifest)$/.test(destination);
  return ASSET.test(new URL(url).pathname);
}

/**
 * Applies the reach before `inner` decides about requests. `isSignIn`: the address is the site's sign-in page, which
 * must be visible and is not taken for a customer's page.
 */
export function guardReach(
  reach: Reach,
  inner: MakeGuard,
  isSignIn: (url: string) => boolean = () => false,
): MakeGuard {
  return (...given): EpisodeGuard => {
    const guard = inner(...given);
    const stopped: string[] = [];
    return {
      ...guard,
      request: async (request) => {
        const { url, method } = request;
        const mayPass =
          reach.allows(new URL(url), method) || isAsset(request) || (READING.has(method) && isSignIn(url));
        if (mayPass) return guard.request(request);
        if (reach.customer === null) reach.wantsIdentity = true;
        stopped.push(reach.customer === null ? NOT_KNOWN : NOT_THEIRS);
        return null;
      },
      takeStopped: () => [...new Set(stopped.splice(0)), ...guard.takeStopped()],
    };
  };
}

/** Allows reading pages but no request that could change anything: for what the runtime reads by itself. */
export const guardLooking: MakeGuard = () => ({
  secrets: new Map(),
  beginAction: () => Promise.resolve(null),
  endAction: () => {},
  request: ({ method }) => Promise.resolve(READING.has(method) ? () => {} : null),
  waitForAnswers: () => Promise.resolve(false),
  takeStopped: () => [],
  end: () => {},
});

const NOT_KNOWN =
  'that page is of customers, and who this one is has not been checked; end your turn with exit(message="/identify") to have it checked';
const NOT_THEIRS = "that page is not of this customer; tell them that you cannot help with it";
