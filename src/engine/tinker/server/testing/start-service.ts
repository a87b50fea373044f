/**
 * @file The service with a tiny model, asked without HTTP: for tests that start it, and start it again on what another
 * left.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Datum, Engine } from "../../../../core/engine.ts";
import { guard } from "../../../../http/guard.ts";
import { createOnnxEngine } from "../../../onnx/engine.ts";
import { createApp } from "../app.ts";
import { Bases } from "../bases.ts";
import { LIMITS, type ServerLimits } from "../limits.ts";
import { Service } from "../service.ts";
import { Asker, datumOf } from "./ask.ts";
import { makeTinyModel } from "./tiny-model.ts";

export const SHORT = [3, 14, 15, 9, 26, 5];
const LONG = [2, 7, 18, 28, 18, 28, 4, 5];
export const batch = (name: string, value: number) =>
  [SHORT, LONG].map((tokens) =>
    datumOf(tokens, { [name]: tokens.slice(1).map((_, t) => (t < 2 ? 0 : value)) }),
  );
/** The same in process. */
export const datums = (value = 1): Datum[] =>
  [SHORT, LONG].map((tokens) => ({
    tokens_T: tokens.slice(0, -1),
    positions_N: tokens.slice(1).map((_, t) => t),
    targets_N: tokens.slice(1),
    weights_N: tokens.slice(1).map((_, t) => (t < 2 ? 0 : value)),
  }));

let root: string;
export let base: string;
export let engine: Engine;
let now = 1_000_000;
export const wait = (ms: number): void => void (now += ms);
const running: Service[] = [];

/** Call it once in a test file. */
export function useServices(): void {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "webrl-serve-"));
    base = join(root, "tiny");
    await makeTinyModel(base);
    engine = createOnnxEngine({ threads: 1 });
  });
  afterEach(async () => {
    for (const service of running.splice(0)) await service.stop();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });
}

export async function start(
  limits: Partial<ServerLimits> = {},
  {
    directory,
    key = null,
    pollMs = 20_000,
  }: { directory?: string; key?: string | null; pollMs?: number } = {},
) {
  const options = { ...LIMITS, ...limits };
  const at = directory ?? (await mkdtemp(join(root, "server-")));
  const service = await Service.open({
    engine,
    bases: await Bases.read([base]),
    directory: at,
    limits: options,
    now: () => now,
  });
  running.push(service);
  let stopping = false;
  const app = createApp({
    service,
    guard: guard({
      isOurs: () => true,
      methods: ["POST", "DELETE"],
      policy: "",
      maxBodyBytes: options.bodyBytes,
    }),
    key,
    pollMs,
    isStopping: () => stopping,
  });
  const ask = new Asker((path, init) => app.request(path, init));
  return { service, app, ask, directory: at, stop: () => (stopping = true) };
}

export const flat = (rows: { logprobs?: { data: number[] } }[] | Float32Array[]) =>
  rows.flatMap((row) => ("logprobs" in row ? row.logprobs!.data : [...(row as Float32Array)]));
export const close = (a: number[], b: number[], by = 1e-5) => {
  expect(a).toHaveLength(b.length);
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(by));
};
