/** @file The orchestrator's end of `outside.ts`: while something real is on its way, virtual time stands still. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Sampler } from "../core/engine.ts";
import { createTinkerEngine } from "../engine/tinker/client/engine.ts";
import { createSend, type Send } from "../engine/tinker/client/transport.ts";
import { SUM_PROFILE } from "../engine/tinker/profile.ts";
import type { Resource, VirtualClock } from "./virtual-clock.ts";

export type ToOutside =
  | { kind: "tokens"; tokens: number[] }
  | { kind: "answer"; id: string }
  | { kind: "fetch"; id: number; proxyPort: number; url: string };
export type FromOutside =
  | { kind: "listening"; port: number }
  | { kind: "held"; id: string }
  | { kind: "fetched"; id: number; ok: boolean };

export interface Outside extends AsyncDisposable {
  /** The client of the model's server, which takes `model`'s time for a sample. */
  sampler: Sampler;
  /** A browser's request through an episode's proxy. */
  fetch(proxyPort: number, url: string): Promise<void>;
}

/** `tokenizer`: the directory that the client reads. `tokens_T`: what the model writes, always. */
export async function openOutside(
  clock: VirtualClock,
  model: Resource,
  {
    tokenizer,
    tokens_T,
    signal,
  }: { tokenizer: string; tokens_T: readonly number[]; signal?: AbortSignal | undefined },
): Promise<Outside> {
  const isSource = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(isSource ? "./outside.ts" : "./outside.js", import.meta.url));
  const child = fork(file, { execArgv: isSource ? ["--import", "tsx"] : [] });
  // An interruption reaches it, too; then there is nothing to wait for.
  const gone = new AbortController();
  child.once("exit", () => {
    gone.abort(new Error("the simulated server ended"));
    for (const waiting of fetching.values()) waiting.reject(gone.signal.reason as Error);
  });
  const fetching = new Map<number, { resolve(): void; reject(error: Error): void }>();
  const tell = (message: ToOutside) => void (child.connected && child.send(message));
  const [{ port }] = (await once(child, "message")) as [Extract<FromOutside, { kind: "listening" }>];
  tell({ kind: "tokens", tokens: [...tokens_T] });
  let fetched = 0;
  child.on("message", (message: FromOutside) => {
    if (message.kind === "held") void answerInTime(message.id);
    else if (message.kind === "fetched") {
      const waiting = fetching.get(message.id)!;
      fetching.delete(message.id);
      if (message.ok) waiting.resolve();
      else waiting.reject(new Error("a page did not come through its proxy"));
    }
  });
  /** The poll of a sample is waiting at the server: time may pass until its answer. */
  const answerInTime = async (id: string) => {
    clock.release();
    await model.pass();
    clock.hold();
    tell({ kind: "answer", id });
  };
  const url = `http://127.0.0.1:${port}`;
  const really = createSend(url, null);
  const send: Send = async (outgoing) => {
    clock.hold();
    try {
      return await really(outgoing);
    } finally {
      clock.release();
    }
  };
  const engine = createTinkerEngine({
    url,
    model: "simulated",
    tokenizer,
    send,
    signal: signal ? AbortSignal.any([signal, gone.signal]) : gone.signal,
    // Real time passes while virtual time stands still, so nothing may time out.
    patience: { requestMs: 3600_000, pollMs: 3600_000, submitMs: 3600_000, resultMs: 24 * 3600_000 },
    profile: { ...SUM_PROFILE, codec: "json" },
  });
  const close = async () => {
    await engine[Symbol.asyncDispose]();
    if (gone.signal.aborted) return;
    const ended = once(child, "exit");
    child.disconnect();
    await ended;
  };
  const sampler = await engine.open({ path: tokenizer }).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    sampler,
    fetch: async (proxyPort, page) => {
      clock.hold();
      try {
        await new Promise<void>((resolve, reject) => {
          const id = fetched++;
          fetching.set(id, { resolve, reject });
          tell({ kind: "fetch", id, proxyPort, url: page });
        });
      } finally {
        clock.release();
      }
    },
    [Symbol.asyncDispose]: close,
  };
}
