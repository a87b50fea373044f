/** @file What surrounds one browser episode: the hosts it can reach, where it starts, and what is true at its end. */

import type { Declarations, EpisodeGuard } from "./guard.ts";
import type { WorldStorage } from "./storage.ts";
import type { Secrets } from "./typed-secrets.ts";
import type { Verdict } from "../core/trajectory.ts";

/** A web application inside this process. `request.url` is absolute. */
export type HostFetch = (request: Request) => Response | Promise<Response>;

export interface WorldCookie {
  /** Host that receives it, with the port if that is not the default. */
  host: string;
  name: string;
  value: string;
  path?: string;
  httpOnly?: boolean;
  secure?: boolean;
}

/** The page on which an episode is. */
export interface FinishedPage {
  /** `about:blank` if the last tab was closed. */
  url: string;
  title: string;
  /** Visible text of the whole page, white space collapsed. */
  pageText: string;
  /** Evaluates an expression in the page. */
  read: (expression: string) => Promise<unknown>;
}

/** An episode's private world. Its episode owns it and disposes it. */
export interface EpisodeWorld {
  /**
   * Hosts that are served by this process over plain HTTP, without ports or DNS; keys as in a URL's `host`
   * (`shop.webrl.test`, or `shop.webrl.test:8080` for another port).
   */
  hosts: ReadonlyMap<string, HostFetch>;
  /**
   * Hosts that are passed through to the network: `example.com` (ports 80 and 443), `127.0.0.1:4000` (that port),
   * `*.example.com` (every host below it). Nothing else is reachable, loopback included.
   */
  allowedHosts: readonly string[];
  /**
   * Names among them that may resolve to addresses of this machine or of a private network, written in the same way.
   * Other names that resolve to such addresses are refused at the connection. `localhost` and addresses that are
   * written out need no entry.
   */
  privateHosts?: readonly string[];
  /** The certificates of all hosts that can be reached are accepted as they are. */
  selfSigned?: boolean;
  /** Does a document with this status mean that the site is down? Default: every 5xx does. */
  isDown?(status: number): boolean;
  /** Asked about everything that leaves. An episode's own guard is made by `BrowserEpisodeOptions.guard`. */
  guard?: EpisodeGuard;
  /** What its sites declare to be irreversible. */
  irreversible?: Declarations;
  /** What replaces `{{secret:NAME}}` in a text that is typed. */
  secrets?: Secrets;
  cookies: readonly WorldCookie[];
  /** What the browser stores for a user who signed in before. */
  storage?: WorldStorage;
  startUrl: string;
  /** Milliseconds that the first page may take, even if the limits allow less: its server may have just started. */
  startMs?: number;
  /** Opened in further tabs behind the first one, which is active. */
  moreTabs?: readonly string[];
  /**
   * Called once, after the first observation: returns the instruction, if the page itself gives it. The episode's
   * `task` then contains it.
   */
  instruction?(read: (expression: string) => Promise<unknown>): Promise<string>;
  /** The truth about the episode, if it is known. Throws a `Fault` if it cannot be determined. */
  verify?(answer: string | null, page: FinishedPage): Verdict | null | Promise<Verdict | null>;
  /**
   * Called after every action: `true` ends the episode as `site_end` (MiniWoB++ ends its own episodes). `read`
   * evaluates an expression in the page.
   */
  isOver?(page: { url: string; read: (expression: string) => Promise<unknown> }): boolean | Promise<boolean>;
  /** Called once, when the episode is disposed or could not start. */
  dispose?(): void | Promise<void>;
}
