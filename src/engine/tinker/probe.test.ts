import { describe, expect, test } from "vitest";
import { createConnection } from "./client/connection.ts";
import { openSession } from "./client/session.ts";
import { judge, probeServer, type ProbeRow } from "./probe.ts";
import { createFakeServer, type FakeServerOptions } from "./testing/fake-server.ts";

const clock = { now: () => 0, sleep: () => Promise.resolve() };
async function probe(options: Partial<FakeServerOptions>) {
  const server = createFakeServer({ vocabSize: 64, ...options });
  const connection = createConnection(server.send, { url: "http://fake", clock });
  await using session = await openSession(connection);
  const spec = { baseModel: "tiny", lora: { rank: 4, seed: 0 } };
  return probeServer({
    connection,
    session,
    spec,
    tokens_T: Array.from({ length: 17 }, (_, i) => (i * 7 + 3) % 64),
  });
}
const ratios = (rows: readonly ProbeRow[]) => Object.fromEntries(rows.map(({ id, ratio }) => [id, ratio]));

describe.each([true, false])("where the server says gradient norms: %s", (gradientNorm) => {
  const says = { gradientNorm };

  test("a server of sums", async () => {
    const { rows, profile, measured } = await probe({ says });
    expect(measured).toBe(gradientNorm ? "gradient_norm" : "log_probabilities");
    const expected = { P1: 1, P2: 2, P3: 2, P4: 2, P5: 1, P6: 1, P7: 2, P8: -1, P9: 1 };
    for (const [id, ratio] of Object.entries(expected))
      expect([id, ratios(rows)[id]]).toEqual([id, expect.closeTo(ratio, 1)]);
    expect(profile).toMatchObject({
      codec: "protobuf",
      reduction: "sum",
      surrogate: "cross_entropy",
      seqId: "dedup",
      gradientNormKey: gradientNorm ? "grad_norm:mean" : null,
      trueBackwardLogprobs: true,
    });
  });

  test("a server of means per sequence gets importance sampling", async () => {
    const { rows, profile, like } = await probe({ says, arithmetic: "per_sequence_mean" });
    const expected = { P2: 2, P3: 1, P4: 1, P5: 0.5 };
    for (const [id, ratio] of Object.entries(expected))
      expect([id, ratios(rows)[id]]).toEqual([id, expect.closeTo(ratio, 1)]);
    expect(rows.find(({ id }) => id === "P8")!.says).toBe("explodes");
    expect(profile).toMatchObject({ reduction: "per_sequence_mean", surrogate: "importance_sampling" });
    expect(like).toContain("SkyRL");
  });

  test("servers that compute another gradient are refused, and the difference is named", async () => {
    const hatchery = await probe({ says, arithmetic: "mean_of_calls", codec: "json" });
    expect(hatchery).toMatchObject({ profile: null, like: "Hatchery" });
    expect(hatchery.refusal).toMatch(/P3 is 1\.0.* P4 is 2\.0/);
    expect(await probe({ says, arithmetic: "no_sign" })).toMatchObject({
      profile: null,
      refusal: expect.stringContaining("sign of an advantage") as string,
    });
    expect(await probe({ says, arithmetic: "normalised" })).toMatchObject({
      profile: null,
      refusal: expect.stringContaining("P2 is 1") as string,
    });
  });
});

test("finds the codec, and what a repeated number does", async () => {
  expect((await probe({ codec: "json" })).profile?.codec).toBe("json");
  expect((await probe({ seqId: "strict" })).profile?.seqId).toBe("strict");
  expect((await probe({ seqId: "ignored" })).profile?.seqId).toBe("ignored");
});

test("finds out whether a checkpoint outlives its model", async () => {
  expect((await probe({})).profile?.keepsCheckpoints).toBe(true);
  expect((await probe({ forgetsCheckpoints: true })).profile?.keepsCheckpoints).toBe(false);
});

test("finds out whether a gradient that was left behind goes to the next model", async () => {
  expect((await probe({})).profile?.leaksGradients).toBe(false);
  expect((await probe({ leaksGradients: true })).profile?.leaksGradients).toBe(true);
});

test("unloads the models that it made", async () => {
  const server = createFakeServer({ vocabSize: 64 });
  const connection = createConnection(server.send, { url: "http://fake", clock });
  await using session = await openSession(connection);
  const spec = { baseModel: "tiny", lora: { rank: 4, seed: 0 } };
  await probeServer({ connection, session, spec, tokens_T: Array.from({ length: 17 }, (_, i) => i) });
  expect(server.weights()).toEqual([]);
});

/** Measured on real servers: SkyRL 0.4.0 on jax, TuFT 0.2.2, Hatchery 0.3.0. */
test.each([
  ["SkyRL jax", [2, 1, 1, 0.5, 2, 2, 7e9], "per_sequence_mean"],
  ["TuFT", [2, 2, 2, 1, 1, 2.01, -1], "sum"],
  ["Hatchery", [1.97, 1, 1.97, 0.5, 1.96, 1.96, -13], null],
] as const)("the measured ratios of %s are judged", (_, measured, reduction) => {
  const rows = [1, ...measured].map((ratio, i) => ({ id: `P${i + 1}`, case: "", ratio, says: "" }));
  const { kind, refusal } = judge(rows);
  expect(kind?.reduction ?? null).toBe(reduction);
  expect(refusal === null).toBe(reduction !== null);
});
