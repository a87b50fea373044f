/**
 * @file Checks whether somebody is the customer they say they are: the runtime opens pages of the site itself, in a
 * browser context that the model never sees, and reads them by the policy's rules. No model is involved.
 */

import { startBrowserEpisode } from "../../browser/episode.ts";
import type { BrowserEpisode } from "../../browser/episode.ts";
import { ConfigError, Fault } from "../../core/errors.ts";
import { pathFits } from "../../safety/classify.ts";
import type { AgentSite } from "../site.ts";
import type { Values } from "./fields.ts";
import type { ServicePolicy } from "./policy.ts";
import { guardLooking } from "./reach.ts";

/** Identifies a customer by what they gave: returns what is known of them, or `null`. Throws when it cannot tell. */
export type VerifyCustomer = (values: Values, signal: AbortSignal) => Promise<Values | null>;

type Check = NonNullable<NonNullable<ServicePolicy["identity"]>["check"]>[number];

/** Throws a `Fault` when a page cannot be read, which tells nothing about the customer. */
function verifyByPages(site: AgentSite, home: URL, steps: readonly Check[]): VerifyCustomer {
  return async (values, signal) => {
    for (let signInAgain = false; ; signInAgain = true) {
      const found = await checkSteps(site, home, steps, values, signInAgain, signal);
      if (found !== "signed out") return found;
      if (signInAgain || !site.canSignIn)
        throw new Fault("site_down", "the site has signed the agent out, so customers cannot be checked", {
          retryable: true,
        });
    }
  };
}

async function checkSteps(
  site: AgentSite,
  home: URL,
  steps: readonly Check[],
  given: Values,
  signInAgain: boolean,
  signal: AbortSignal,
): Promise<Values | null | "signed out"> {
  const known: Values = { ...given };
  let episode: BrowserEpisode | null = null;
  try {
    for (const { open, shows = [], link } of steps) {
      const address = addressOf(open, known, home);
      if (address === null) return null;
      let page;
      if (episode === null) {
        const world = await site.world({ startUrl: address, signInAgain, signal });
        episode = await startBrowserEpisode(site.contexts, taskOn(site.name, address), world, {
          format: "compact",
          seed: 0,
          guard: guardLooking,
          signal,
        });
        page = episode.first;
      } else {
        const next = await episode.open(address, { signal });
        if (next.kind === "last") throw new Fault("site_down", `${open} cannot be read`, { retryable: true });
        page = next.observation;
      }
      if (site.isSignInPage(page)) return "signed out";
      // A page that redirects is not the one that was requested.
      if (!samePath(page.url, address)) return null;
      const document = await episode.reader.document();
      const text = await document.call("pageText");
      const { values, links } = await document.call("wholePage");
      if (!shows.every((wanted) => isShown(fill(wanted, known), text, values))) return null;
      if (link !== undefined) {
        const named = namesOfLink(link, links, home);
        if (named === null) return null;
        Object.assign(known, named);
      }
    }
    return known;
  } finally {
    await episode?.[Symbol.asyncDispose]();
  }
}

const fill = (text: string, values: Values) =>
  text.replace(/\{([^{}]*)\}/g, (whole, name: string) => values[name] ?? whole);

/** `null` if a value cannot be part of an address: `..` would lead elsewhere. */
export function addressOf(pattern: string, values: Values, home: URL): string | null {
  const safe: Values = {};
  for (const [name, value] of Object.entries(values)) safe[name] = encodeURIComponent(value);
  const slash = pattern.indexOf("/");
  const host = slash === 0 ? home.host : pattern.slice(0, slash);
  const path = fill(pattern.slice(slash), safe);
  const url = new URL(`${home.protocol}//${host}${path}`);
  return url.pathname === path ? url.href : null;
}

const samePath = (a: string, b: string) =>
  URL.canParse(a) && new URL(a).host === new URL(b).host && new URL(a).pathname === new URL(b).pathname;

/** Matches the whole value of a field, or a whole word of the text, but not a part of another number or address. */
export function isShown(wanted: string, text: string, values: readonly string[]): boolean {
  const squash = (value: string) => value.normalize("NFKC").replace(/\s+/g, " ").trim().toLowerCase();
  const needle = squash(wanted);
  if (needle === "") return false;
  if (values.some((value) => squash(value) === needle)) return true;
  const escaped = needle.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(
    String.raw`(?<![\p{L}\p{N}@._%+-])${escaped}(?![\p{L}\p{N}@_%+-]|\.[\p{L}\p{N}])`,
    "u",
  ).test(squash(text));
}

/** The values of the `:names` in a link's pattern, if all matching links of a page agree. */
export function namesOfLink(pattern: string, links: readonly string[], home: URL): Values | null {
  const found = new Set(
    links.flatMap((address) => {
      if (!URL.canParse(address)) return [];
      const url = new URL(address);
      return url.host === home.host && pathFits(pattern, url.pathname) ? [url.pathname] : [];
    }),
  );
  if (found.size !== 1) return null;
  const [path] = found;
  const segments = path!.split("/");
  const names: Values = {};
  for (const [i, segment] of pattern.split("/").entries())
    if (segment.startsWith(":")) names[segment.slice(1)] = decodeURIComponent(segments[i]!);
  return names;
}

const taskOn = (site: string, startUrl: string) => ({
  id: "check",
  sites: [site],
  instruction: "",
  startUrl,
  templateId: null,
  params: {},
  category: "navigation" as const,
  difficulty: 1,
  split: "train" as const,
});

/**
 * Refuses guessing: over all conversations, one value may be tried per hour only as often as one conversation may try.
 */
export function limitGuesses(attempts: number, now: () => number = Date.now) {
  const failed = new Map<string, number[]>();
  const recent = (value: string) => (failed.get(value) ?? []).filter((at) => now() - at < 3_600_000);
  return {
    isLimited: (values: Values) => Object.values(values).some((value) => recent(value).length >= attempts),
    fail: (values: Values) => {
      for (const [value, times] of failed)
        if (times.every((at) => now() - at >= 3_600_000)) failed.delete(value);
      for (const value of Object.values(values)) failed.set(value, [...recent(value), now()]);
    },
  };
}

export function verifierOf(
  policy: ServicePolicy,
  site: AgentSite,
  home: URL,
  given: VerifyCustomer | undefined,
): VerifyCustomer | null {
  const { identity } = policy;
  if (!identity) {
    if (given)
      throw new ConfigError(
        "verify is given, but the policy has no identity",
        "Declare in identity.ask what to ask customers for.",
      );
    return null;
  }
  if (identity.check && given)
    throw new ConfigError("verify is given, but the policy also has identity.check", "Remove one of them.");
  if (identity.check) return verifyByPages(site, home, identity.check);
  if (given) return given;
  throw new ConfigError(
    "identity says what to ask customers for, but nothing checks it",
    "Add identity.check, or give `verify` to the program's service.",
  );
}
