/**
 * @file What a server does with a gradient, measured on a tiny batch before anything is trained: nine cases, each the
 * change that one step makes, as a ratio to the first. Servers of one protocol normalise differently; one whose ratios
 * fit no known kind would silently compute another gradient and is refused.
 *
 * The change of a step is measured as the gradient's norm if the server tells it (a step of learning rate 0), otherwise
 * as Δ = Σ aₜ Δℓₜ of a step whose AdamW is nearly gradient descent (betas 0, a large epsilon). Each case stands between
 * two measurements of the reference, so that what the probe itself trains cancels.
 */

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import type { AdamParams, WireDatum } from "./wire/messages.ts";
import { hasExtension } from "./wire/messages.ts";
import type { Connection } from "./client/connection.ts";
import { TinkerError } from "./client/errors.ts";
import { sampleRemotely } from "./client/sampler.ts";
import type { Session } from "./client/session.ts";
import type { ModelSpec, Origin, TrainingClient } from "./client/training-client.ts";
import { createTrainingClient, STILL } from "./client/training-client.ts";
import type { ServerProfile } from "./profile.ts";
import { SUM_PROFILE } from "./profile.ts";

/** One measurement of the probe. */
export interface ProbeRow {
  /** P1 to P9. */
  id: string;
  /** What was sent. */
  case: string;
  ratio: number;
  /** What it means. */
  says: string;
}

/** What a server does with a gradient, as measured. */
export interface ProbeReport {
  rows: ProbeRow[];
  /** How the change of a step was measured. */
  measured: "gradient_norm" | "log_probabilities";
  /** `null`: it must not be trained on, and `refusal` says why. */
  profile: ServerProfile | null;
  refusal: string | null;
  /** Servers known to behave like this. */
  like: string;
}

const TOLERANCE = 0.1;
const isNear = (value: number, target: number) => Math.abs(value - target) <= TOLERANCE * Math.abs(target);
/** A step of learning rate η·EPSILON is then η·g, whatever the size of g. Servers that refuse it get 1. */
const EPSILONS = [1e6, 1];
/** Σ a Δℓ that a step should make: well above the rounding of float32, too little to change the gradient. */
const AIM = 0.05;
/** Beyond this, nothing can be concluded: the server divides by almost zero. */
const EXPLODES = 100;

export interface ProbeOptions {
  connection: Connection;
  session: Session;
  spec: ModelSpec;
  /** Tokens of a short text, at least 17. */
  tokens_T: readonly number[];
  signal?: AbortSignal | undefined;
}

const f32 = (data: number[]) => ({ data, dtype: "float32" as const, shape: [data.length] });

/** The fixed datum: 16 positions, of which the first half counts; `longer`: as many more that do not. */
function datumOf(tokens: readonly number[], longer = 0) {
  const x = tokens.slice(0, 17);
  while (x.length < 17 + longer) x.push(x[x.length - 17]!);
  const input = x.slice(0, -1);
  const target_tokens = { data: x.slice(1), dtype: "int64" as const, shape: [input.length] };
  return { model_input: { chunks: [{ type: "encoded_text" as const, tokens: input }] }, target_tokens };
}

/** @throws ConfigError where the server cannot be probed at all. */
export async function probeServer(options: ProbeOptions): Promise<ProbeReport> {
  if (options.tokens_T.length < 17)
    throw new ConfigError("the probe's text is too short", "Give one of 17 tokens or more.");
  const found = await findCodec(options);
  await using client = await beginAt(found.saved, found.profile, options);
  let profile: ServerProfile = {
    ...found.profile,
    keepsCheckpoints: client.isRestored,
    leaksGradients: await hasGradient(client, options),
  };
  const gauge = await createGauge(client, options);
  profile = {
    ...profile,
    gradientNormKey: gauge.normKey,
    trueBackwardLogprobs: await gauge.backwardIsTrue(),
  };
  profile = { ...profile, scaledSampleLogprobs: await areSamplesScaled(client, options) };
  const rows = await measureRows(gauge);
  const verdict = judge(rows);
  return {
    rows,
    measured: gauge.normKey === null ? "log_probabilities" : "gradient_norm",
    ...verdict,
    profile: verdict.refusal === null ? { ...profile, ...verdict.kind } : null,
  };
}

/**
 * A model that begins at the checkpoint of one that was unloaded; a fresh one if the server no longer has that
 * checkpoint.
 */
async function beginAt(
  path: string,
  profile: ServerProfile,
  { connection, session, spec, signal }: ProbeOptions,
): Promise<TrainingClient & { isRestored: boolean }> {
  const begin = (origin: Origin | null) =>
    createTrainingClient({ connection, session, signal, profile }, spec, origin);
  const client = begin({ path, optimizer: false });
  try {
    await client.modelId();
  } catch (error) {
    await client[Symbol.asyncDispose]();
    if (!(error instanceof TinkerError) || !["lost", "failed", "refused"].includes(error.trouble))
      throw error;
    return Object.assign(begin(null), { isRestored: false });
  }
  // Nobody needs it any more; not every server deletes.
  const [, run, name] = /^tinker:\/\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const checkpoint = `training_runs/${run}/checkpoints/${name}`;
  if (name !== undefined)
    await connection
      .ask({ path: checkpoint, method: "DELETE", resend: "always", isFinalAt500: true, signal }, z.unknown())
      .catch(() => {});
  return Object.assign(client, { isRestored: true });
}

/** Whether a model that was just made has a gradient, which then comes from the model that was unloaded before. */
async function hasGradient(client: TrainingClient, { tokens_T }: ProbeOptions): Promise<boolean> {
  await client.backward([[weightedDatum(tokens_T, 0)]], "cross_entropy");
  const metrics = await client.step(STILL);
  const key = normKeyOf(metrics);
  return key !== null && !(Math.abs(metrics[key]!) < 1e-12);
}

const normKeyOf = (metrics: Record<string, number>) =>
  Object.keys(metrics).find((key) => /grad(ient)?_?norm/i.test(key)) ?? null;

function weightedDatum(tokens_T: readonly number[], weight: number): WireDatum {
  const { model_input, target_tokens } = datumOf(tokens_T);
  const weights = f32(target_tokens.data.map(() => weight));
  return { model_input, loss_fn_inputs: { target_tokens, weights } };
}

/** Compares the log-probabilities of one sample at temperature ½ with what `forward` says of its tokens. */
async function areSamplesScaled(
  client: TrainingClient,
  { connection, tokens_T, signal }: ProbeOptions,
): Promise<boolean> {
  const target = { sampling_session_id: await client.saveForSampler(), seq_id: 0 };
  const request = { prompt_T: tokens_T, maxTokens: 4, temperature: 0.5, seed: 1, ...(signal && { signal }) };
  const anything = { vocabSize: Infinity, decode: () => "" };
  const { tokens_T: sampled, logprobs_T } = await sampleRemotely(connection, target, request, anything);
  const whole = [...tokens_T, ...sampled];
  const target_tokens = { data: whole.slice(1), dtype: "int64" as const, shape: [whole.length - 1] };
  const [output] = await client.forward([
    [
      {
        model_input: { chunks: [{ type: "encoded_text", tokens: whole.slice(0, -1) }] },
        loss_fn_inputs: { target_tokens, weights: f32(target_tokens.data.map(() => 0)) },
      },
    ],
  ]);
  const said = output!.loss_fn_outputs[0]?.["logprobs"]?.data.slice(tokens_T.length - 1) ?? [];
  return !logprobs_T.every((each, n) => Math.abs(each - said[n]!) < 0.05);
}

/**
 * Tries protobuf first, because newer servers take nothing else. Also saves a checkpoint of the model that was used.
 */
async function findCodec({
  connection,
  session,
  spec,
  tokens_T,
  signal,
}: ProbeOptions): Promise<{ profile: ServerProfile; saved: string }> {
  const data = [weightedDatum(tokens_T, 0)];
  let refused: unknown;
  for (const codec of ["protobuf", "json"] as const) {
    const takesLoraSettings = hasExtension(session.config, "lora_settings");
    const profile: ServerProfile = { ...SUM_PROFILE, codec, seqId: "ignored", takesLoraSettings };
    await using client = createTrainingClient({ connection, session, signal, profile }, spec, null);
    await client.modelId();
    try {
      await client.forward([data]);
      const seqId = await client.probeRepeatedForward(data);
      const saved = await client.save(`webrl-probe-${randomUUID().slice(0, 8)}`);
      // This gradient is left in place, to see where it goes.
      await client.backward([[weightedDatum(tokens_T, 1)]], "cross_entropy");
      return { profile: { ...profile, seqId }, saved };
    } catch (error) {
      if (!(error instanceof TinkerError) || error.retryable || error.trouble === "nonsense") throw error;
      refused = error;
    }
  }
  throw refused;
}

interface Gauge {
  readonly normKey: string | null;
  backwardIsTrue(): Promise<boolean>;
  /** The change that one step on these calls makes; it has a sign only if it is measured by log-probabilities. */
  change(calls: readonly Call[]): Promise<number>;
  /** Σ aₜ Δℓₜ of one small real step. */
  direction(call: Call): Promise<number>;
}

/** One forward_backward: the advantages or weights of its datums are a multiple of a. */
interface Call {
  loss: "importance_sampling" | "cross_entropy";
  factor: number;
  copies?: number;
  longer?: boolean;
}

async function createGauge(client: TrainingClient, { tokens_T }: ProbeOptions): Promise<Gauge> {
  const plain = datumOf(tokens_T);
  const T = plain.target_tokens.data.length;
  const a = plain.target_tokens.data.map((_, t): number => (t < T / 2 ? 1 : 0));
  const read = async () => {
    const zero = { target_tokens: plain.target_tokens, weights: f32(a.map(() => 0)) };
    const [output] = await client.forward([[{ model_input: plain.model_input, loss_fn_inputs: zero }]]);
    return readLogprobs(output!, T);
  };
  const value = (logprobs: readonly number[]) => a.reduce((sum, each, t) => sum + each * logprobs[t]!, 0);

  const wireOf = (
    { loss, factor, copies = 1, longer = false }: Call,
    logprobs: readonly number[],
  ): WireDatum[] => {
    const { model_input, target_tokens } = datumOf(tokens_T, longer ? T : 0);
    const length = target_tokens.data.length;
    const spread = (values: readonly number[]) => f32(Array.from({ length }, (_, t) => values[t] ?? 0));
    const scaled = spread(a.map((each) => each * factor));
    const inputs: WireDatum["loss_fn_inputs"] =
      loss === "cross_entropy" ? { weights: scaled } : { advantages: scaled, logprobs: spread(logprobs) };
    return Array.from({ length: copies }, () => ({
      model_input,
      loss_fn_inputs: { target_tokens, ...inputs },
    }));
  };
  const send = async (calls: readonly Call[]) => {
    const now = await read();
    for (const call of calls) await client.backward([wireOf(call, now)], call.loss);
    return now;
  };
  const reference: Call = { loss: "importance_sampling", factor: 1 };
  const adam = (learning_rate: number, eps: number): AdamParams => ({
    learning_rate,
    beta1: 0,
    beta2: 0,
    eps,
    weight_decay: 0,
    grad_clip_norm: 0,
  });

  // The first step of the adapter shows whether the server reports norms, and which epsilon it takes.
  let normKey: string | null = null;
  let eps = EPSILONS[0]!;
  for (const each of EPSILONS) {
    eps = each;
    await send([reference]);
    try {
      const metrics = await client.step(adam(1e-6 * eps, eps));
      normKey = normKeyOf(metrics);
      break;
    } catch (error) {
      if (!(error instanceof TinkerError) || error.retryable || each === EPSILONS.at(-1)) throw error;
    }
  }
  const usesNorm = normKey !== null;

  const stepBy = async (calls: readonly Call[], rate: number) => {
    const before = value(await send(calls));
    await client.step(adam(rate * eps, eps));
    return value(await read()) - before;
  };
  let rate = 1e-4;
  for (let tries = 0; !usesNorm && tries < 12; tries++) {
    const change = await stepBy([reference], rate);
    if (!Number.isFinite(change) || change === 0) rate *= change === 0 ? 30 : 1 / 30;
    else if (Math.abs(change) > AIM * 2 || Math.abs(change) < AIM / 2)
      rate *= Math.min(30, Math.max(1 / 30, AIM / Math.abs(change)));
    else break;
  }
  return {
    normKey,
    backwardIsTrue: async () => {
      const now = await read();
      const [output] = await client.backward(
        [wireOf({ loss: "cross_entropy", factor: 0 }, now)],
        "cross_entropy",
      );
      const said = output?.loss_fn_outputs[0]?.["logprobs"]?.data;
      await client.step(adam(0, eps));
      return said?.length === T && said.every((each, t) => Math.abs(each - now[t]!) < 1e-2);
    },
    change: async (calls) => {
      if (normKey === null) return stepBy(calls, rate);
      await send(calls);
      return (await client.step(adam(0, eps)))[normKey] ?? Number.NaN;
    },
    // Plain Adam: only the sign of the change counts.
    direction: async (call) => {
      const before = value(await read());
      // Several steps, for servers whose betas are fixed: the momentum of earlier cases has to fade.
      for (let step = 0; step < 4; step++) {
        await send([call]);
        await client.step(adam(1e-3, 1e-8));
      }
      return value(await read()) - before;
    },
  };
}

function readLogprobs(
  { loss_fn_outputs }: { loss_fn_outputs: Record<string, { data: number[] }>[] },
  T: number,
) {
  const data = loss_fn_outputs[0]?.["logprobs"]?.data ?? [];
  if (data.length !== T || data.some((each) => !Number.isFinite(each)) || data.every((each) => each === 0))
    throw new TinkerError(
      "nonsense",
      `the server's log-probabilities of the probe are ${data.slice(0, 4).join(", ")}…`,
    );
  return data;
}

const IS = { loss: "importance_sampling", factor: 1 } as const;
const CE = { loss: "cross_entropy", factor: 1 } as const;
const CASES: [id: string, text: string, calls: Call[]][] = [
  ["P2", "importance sampling, advantages 2a", [{ ...IS, factor: 2 }]],
  ["P3", "two datums in one call", [{ ...IS, copies: 2 }]],
  ["P4", "two calls, one step", [IS, IS]],
  ["P5", "as many more positions of advantage 0", [{ ...IS, longer: true }]],
  ["P6", "cross-entropy, weights a", [CE]],
  ["P7", "cross-entropy, weights 2a", [{ ...CE, factor: 2 }]],
  ["P8", "cross-entropy, weights −a", [{ ...CE, factor: -1 }]],
];

async function measureRows(gauge: Gauge): Promise<ProbeRow[]> {
  const rows: ProbeRow[] = [
    { id: "P1", case: "importance sampling, advantages a", ratio: 1, says: "the reference" },
  ];
  let before = await gauge.change([IS]);
  if (!Number.isFinite(before) || before === 0) {
    rows[0]!.ratio = before;
    rows[0]!.says = "no gradient";
    return rows;
  }
  for (const [id, text, calls] of CASES) {
    const change = await gauge.change(calls);
    // An exploding gradient may have destroyed the adapter: it is the last case.
    const after = id === "P8" ? before : await gauge.change([IS]);
    let ratio = change / ((before + after) / 2);
    before = after;
    if (id === "P8" && gauge.normKey !== null && ratio < EXPLODES)
      ratio *= (await gauge.direction({ ...CE, factor: -1 })) < 0 ? -1 : 1;
    rows.push({ id, case: text, ratio, says: describe(id, ratio) });
  }
  if (Math.abs(rows.at(-1)!.ratio) < EXPLODES) {
    const up = await gauge.direction(IS);
    const down = await gauge.direction({ ...IS, factor: -1 });
    rows.push({
      id: "P9",
      case: "advantages a, then −a, a real step each",
      ratio: up > 0 && down < 0 ? 1 : -1,
      says: up > 0 && down < 0 ? "signs count" : "signs are ignored",
    });
  }
  return rows;
}

function describe(id: string, ratio: number): string {
  const table: Record<string, [number, string][]> = {
    P2: [
      [2, "linear"],
      [1, "normalised away"],
    ],
    P3: [
      [2, "a sum over datums"],
      [1, "a mean over datums"],
    ],
    P4: [
      [2, "a sum over calls"],
      [1, "a mean over calls"],
    ],
    P5: [
      [1, "not divided by length"],
      [0.5, "divided by length"],
    ],
    P6: [[1, "cross-entropy carries the gradient"]],
    P7: [
      [2, "linear"],
      [1, "divided by Σ weights, or ignored"],
    ],
    P8: [
      [-1, "signed"],
      [1, "the sign is ignored"],
    ],
  };
  if (Math.abs(ratio) >= EXPLODES) return "explodes";
  return table[id]!.find(([target]) => isNear(ratio, target))?.[1] ?? "of no known kind";
}

type Kind = Pick<ServerProfile, "reduction" | "surrogate">;

/** The kind of server to which the ratios belong. */
export function judge(rows: readonly ProbeRow[]): {
  kind: Kind | null;
  refusal: string | null;
  like: string;
} {
  const ratio = (id: string) => rows.find((row) => row.id === id)?.ratio ?? Number.NaN;
  const refuse = (refusal: string, like = "none known") => ({ kind: null, refusal, like });
  const is = (id: string, target: number) => isNear(ratio(id), target);
  const formatRatio = (id: string) => `${id} is ${ratio(id).toPrecision(3)}`;
  if (rows.length === 1) return refuse("P1: importance sampling leaves no gradient");
  if (!is("P2", 2))
    return refuse(`${formatRatio("P2")}, not 2: twice the advantage is not twice the gradient`);
  if (ratio("P9") < 0) return refuse("P9: the sign of an advantage is ignored", "Twinkle");
  const isSum = is("P3", 2) && is("P4", 2) && is("P5", 1);
  const isMean = is("P3", 1) && is("P4", 1) && is("P5", 0.5);
  if (is("P3", 1) && is("P4", 2))
    return refuse(
      `${formatRatio("P3")} and ${formatRatio("P4")}: it takes the mean of a call's datums and the sum of calls, so a batch's gradient depends on how it is cut`,
      "Hatchery",
    );
  if (isMean)
    return {
      kind: { reduction: "per_sequence_mean", surrogate: "importance_sampling" },
      refusal: null,
      like: "SkyRL on jax",
    };
  if (!isSum) {
    const row = ["P3", "P4", "P5"].find((id) => !is(id, id === "P5" ? 1 : 2))!;
    return refuse(
      `${formatRatio(row)}, not ${row === "P5" ? 1 : 2}: it divides by something that is not known`,
    );
  }
  const carries = is("P6", 1) && is("P7", 2) && is("P8", -1);
  return {
    kind: { reduction: "sum", surrogate: carries ? "cross_entropy" : "importance_sampling" },
    refusal: null,
    like: carries ? "webrl engine serve, the hosted service, TuFT, SkyRL on fsdp or megatron" : "none known",
  };
}
