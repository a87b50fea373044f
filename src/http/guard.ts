/**
 * @file The checks with which each of our HTTP servers begins. The servers are for a person at this machine, so any
 * page that this person has open elsewhere is a stranger: it may link to us, and do nothing else.
 */

import type { Context, ErrorHandler, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";

export interface GuardOptions {
  /** Host names that the server answers to. Another name that somebody lets resolve to this machine is refused. */
  isOurs: (hostname: string) => boolean;
  /** Allowed methods besides GET and HEAD. */
  methods?: readonly string[];
  /** Content-Security-Policy of every answer. */
  policy: string;
  /** The largest body of a request; default 1 MiB. */
  maxBodyBytes?: number;
  /** Pages of these origins may send requests, too: `https://shop.example.com`. */
  origins?: readonly string[];
  /** Paths of scripts that any page may include. */
  scripts?: readonly string[];
}

const MAX_BODY_BYTES = 1 << 20;

/** The loopback names of this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}

/** Refuses by name (403), method (405), origin (403) and size (413), before a route sees the request. */
export function guard(options: GuardOptions): MiddlewareHandler {
  const { isOurs, methods = [], policy, origins = [], scripts = [], maxBodyBytes = MAX_BODY_BYTES } = options;
  const allowed = ["GET", "HEAD", ...methods];
  const limit = bodyLimit({
    maxSize: maxBodyBytes,
    onError: (c) => c.text(`a request's body may have at most ${maxBodyBytes} bytes`, 413),
  });
  const refusal = (c: Context): Response | null => {
    if (!isOurs(new URL(c.req.url).hostname)) return c.text("only for this machine", 403);
    if (!allowed.includes(c.req.method))
      return c.text("no such method here", 405, { Allow: allowed.join(", ") });
    if (scripts.includes(c.req.path) || isListed(c)) return null;
    return isForeign(c) ? c.text("not for pages of other sites", 403) : null;
  };
  const isListed = (c: Context) => origins.includes(c.req.header("origin") ?? "");
  return async (c, next) => {
    if (isListed(c) && c.req.method === "OPTIONS" && isOurs(new URL(c.req.url).hostname)) {
      c.res = c.body(null, 204, {
        "Access-Control-Allow-Methods": allowed.join(", "),
        "Access-Control-Allow-Headers": "authorization, content-type, last-event-id",
        "Access-Control-Max-Age": "600",
      });
    } else {
      const answer = refusal(c) ?? (await limit(c, next));
      if (answer instanceof Response) c.res = answer;
    }
    if (isListed(c)) {
      c.header("Access-Control-Allow-Origin", c.req.header("origin"));
      c.header("Vary", "Origin", { append: true });
    }
    c.header("Content-Security-Policy", policy);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("X-Frame-Options", "DENY");
    c.header("Cross-Origin-Resource-Policy", scripts.includes(c.req.path) ? "cross-origin" : "same-origin");
    c.header("Cross-Origin-Opener-Policy", "same-origin");
  };
}

/** For `onError`: a client that left in the middle of its request is not an error, so it is not reported. */
export const answerError: ErrorHandler = (error, c) => {
  const { code } = error as NodeJS.ErrnoException;
  const left = c.req.raw.signal.aborted || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
  if (!left) throw error;
  return c.text("the request did not arrive whole", 400);
};

/**
 * Whether a page of another origin sent this. Browsers say so in headers that pages cannot change; other programs send
 * neither header.
 */
function isForeign(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  const origin = c.req.header("origin");
  const isOther = site !== undefined && site !== "same-origin" && site !== "none";
  // A person may follow a link to us.
  if (c.req.method === "GET" || c.req.method === "HEAD")
    return isOther && c.req.header("sec-fetch-mode") !== "navigate";
  if (site !== undefined) return isOther;
  return origin !== undefined && origin !== new URL(c.req.url).origin;
}
