/**
 * @file Records, in the page's own world, what the page has asked the browser or a worker for and has not got yet. The
 * page will go on when that comes, and no timer shows it. Playwright reports requests over the network (`../tab.ts`).
 * Runs before the page's scripts, as `hook.ts` does.
 */

import { ANSWER, REPLY } from "./listener-protocol.ts";
import { free } from "./page-natives.ts";
import type { Follow } from "./page-natives.ts";

export type EachReply = (tell: (since: number, kind: typeof REPLY | typeof ANSWER) => void) => void;

/** If a page asks for more at a time, only the first are reported. */
const MOST = 50;

/** Requests that end with one of these events, by the class and the method that makes them. */
const REQUESTS = ["success", "error", "blocked"];
const TRANSACTIONS = ["complete", "abort", "error"];
/** Methods whose promise the browser itself fulfils soon. */
const PROMISES: Record<string, string[]> = {
  SubtleCrypto:
    "digest encrypt decrypt sign verify generateKey deriveKey deriveBits importKey exportKey".split(" "),
  Blob: ["text", "arrayBuffer", "bytes"],
  Response: ["text", "json", "blob", "arrayBuffer", "formData"],
  CacheStorage: ["match", "open", "has", "keys", "delete"],
  Cache: ["match", "matchAll", "put", "delete", "keys"],
  HTMLImageElement: ["decode"],
  OffscreenCanvas: ["convertToBlob"],
  FontFaceSet: ["load"],
  FontFace: ["load"],
  StorageManager: ["estimate", "persisted", "getDirectory"],
  FileSystemFileHandle: ["getFile", "createWritable"],
  FileSystemDirectoryHandle: ["getFileHandle", "getDirectoryHandle", "removeEntry"],
  Scheduler: ["yield"],
};

interface Asked {
  since: number;
  kind: typeof REPLY | typeof ANSWER;
}

/** `listen` is a native that needs no receiver; `noteStart` is called for everything that is asked for. */
export function recordReplies(
  listen: (target: unknown, type: string, callback: () => void, options?: object) => void,
  follow: Follow,
  noteStart: () => void,
): EachReply {
  const now = performance.now.bind(performance);
  type Then = (promise: unknown, ok: () => void, fail: (error: unknown) => never) => Promise<void>;
  const then = free<Then>(Promise, "then");
  let asked: Asked[] = [];

  /** Returns a function to call when the answer is there. */
  const ask = (kind: Asked["kind"]): (() => void) => {
    noteStart();
    const one: Asked = { since: now(), kind };
    if (asked.length < MOST) asked[asked.length] = one;
    return () => {
      const kept: Asked[] = [];
      for (let i = 0; i < asked.length; i++) if (asked[i] !== one) kept[kept.length] = asked[i]!;
      asked = kept;
    };
  };
  const untilEvent = (target: unknown, types: readonly string[], kind: Asked["kind"]) => {
    const done = ask(kind);
    for (let i = 0; i < types.length; i++) listen(target, types[i]!, done, { once: true });
  };
  const owners = window as unknown as Record<string, { prototype: object } | undefined>;
  const followIn = (owner: string, name: string, after: (self: unknown, result: unknown) => void) => {
    const prototype = owners[owner]?.prototype;
    if (prototype) follow(prototype, name, "value", (self, _, result) => after(self, result));
  };

  for (const name of ["open", "deleteDatabase"])
    followIn("IDBFactory", name, (_, request) => untilEvent(request, REQUESTS, REPLY));
  followIn("IDBDatabase", "transaction", (_, transaction) => untilEvent(transaction, TRANSACTIONS, REPLY));
  for (const name of ["readAsText", "readAsDataURL", "readAsArrayBuffer", "readAsBinaryString"])
    followIn("FileReader", name, (reader) => untilEvent(reader, ["loadend"], REPLY));
  followIn("Worker", "postMessage", (worker) =>
    untilEvent(worker, ["message", "error", "messageerror"], ANSWER),
  );
  const untilFulfilled = (promise: unknown) => {
    const done = ask(REPLY);
    // What nobody handles stays unhandled.
    const fail = (error: unknown) => {
      done();
      throw error;
    };
    try {
      void then(promise, done, fail);
    } catch {
      done();
    }
  };
  for (const owner in PROMISES)
    for (const name of PROMISES[owner]!) followIn(owner, name, (_, promise) => untilFulfilled(promise));
  const frame = window.requestAnimationFrame.bind(window);
  // A smooth scroll takes its first step with the second frame.
  const untilScrolls = () => {
    const done = ask(REPLY);
    frame(() => frame(() => frame(done)));
  };
  for (const name of ["scroll", "scrollTo", "scrollBy", "scrollIntoView"])
    for (const owner of [Element.prototype, window]) follow(owner, name, "value", untilScrolls);
  const idle = window.requestIdleCallback.bind(window);
  // Our callback comes right after the page's.
  follow(window, "requestIdleCallback", "value", () => void idle(ask(REPLY)));
  follow(window, "createImageBitmap", "value", (_, __, promise) => untilFulfilled(promise));

  return (tell) => {
    for (let i = 0; i < asked.length; i++) tell(asked[i]!.since, asked[i]!.kind);
  };
}
