/** @file A model that is trained on a server, from `model orm` to an adapter in PEFT's format. */

import { createServer } from "node:http";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOnnxEngine } from "../../engine/onnx/engine.ts";
import { serveEngine, type EngineServer } from "../../engine/tinker/server/serve.ts";
import { readEpisodes } from "../../imitation/demonstrations.ts";
import { createOrm } from "../../reward/orm.ts";
import { followServers } from "../../train/open-engine.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let world: string;
let server: EngineServer;
let orm: string;
const KEY = "tml-0123456789abcdef";
process.env["MODEL_ON_SERVER_KEY"] = KEY;
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-on-server-"));
  orm = join(world, "orm");
  server = await serveEngine({
    models: ["models/base"],
    directory: join(world, "server"),
    port: 0,
    key: KEY,
    engine: { threads: 1 },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(world, { recursive: true, force: true });
});

const trajectories = async () =>
  (await readEpisodes("models/base/demonstrations.jsonl.gz")).slice(0, 4).map((each) => each.trajectory);

test("a reward model is trained on a server, and judges from there", { timeout: 240_000 }, async () => {
  const records = (await readEpisodes("models/base/demonstrations.jsonl.gz")).slice(0, 10);
  const file = join(world, "rollouts.jsonl");
  const failed = records.map((record) => ({
    ...record,
    id: `failed/${record.id}`,
    truth: { ...record.truth, success: false },
    trajectory: { ...record.trajectory, id: `failed/${record.trajectory.id}` },
  }));
  await writeFile(file, [...records, ...failed].map((record) => `${JSON.stringify(record)}\n`).join(""));
  const fixed = "model orm --drills 0 --epochs 1 --batch-size 64 --held-out 0.5 --base models/base".split(
    " ",
  );
  const there = [`url=${server.url}`, "model=base", "rank=2", "apiKeyEnv=MODEL_ON_SERVER_KEY"];
  const engine = there.flatMap((setting) => ["--engine", setting]);
  const command = [...fixed, "--rollouts", file, "--out", orm, ...engine];
  expect(mistakeOf(await webrl(...command, "--threads", "1"))).toContain(
    "--threads applies to training in this process",
  );
  expect(mistakeOf(await webrl(...command, "--lora-rank", "2"))).toContain("--engine rank=N");
  const made = await webrl(...command, "--json");
  expect(made).toMatchObject({ status: 0 });
  expect(jsonOf<{ estimate: null }>(made).estimate).toBeNull();
  expect(JSON.parse(await readFile(join(orm, "tinker.json"), "utf8"))).toMatchObject({
    url: server.url,
    baseModel: "base",
    apiKeyEnv: "MODEL_ON_SERVER_KEY",
    lora: { rank: 2 },
  });

  const { stdout } = await webrl("model", "info", orm);
  expect(stdout).toContain(`an adapter of rank 2 of the model base, on the server ${server.url}`);
  expect(stdout).toContain(`webrl model export --model ${orm} --out`);
});

test("a policy is trained on a server, and acts from there", { timeout: 240_000 }, async () => {
  const records = (await readEpisodes("models/base/demonstrations.jsonl.gz")).slice(0, 6);
  const file = join(world, "demonstrations.jsonl");
  await writeFile(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const out = join(world, "sft");
  const fixed = "--steps 2 --batch-size 4 --held-out-actions 2 --base models/base".split(" ");
  const there = [`url=${server.url}`, "model=base", "rank=2", "apiKeyEnv=MODEL_ON_SERVER_KEY"];
  const engine = there.flatMap((setting) => ["--engine", setting]);
  const made = await webrl("model", "sft", ...fixed, "--demos", file, "--out", out, ...engine, "--json");
  expect(made).toMatchObject({ status: 0 });
  expect(jsonOf<{ steps: number; estimate: null }>(made)).toMatchObject({ steps: 2, estimate: null });
  await using opened = followServers(() => createOnnxEngine({ threads: 1 }));
  await using model = await opened.open({ path: out });
  const prompt_T = model.tokenizer.encode("do(");
  const { tokens_T } = await model.sample({ prompt_T, maxTokens: 4, temperature: 0, seed: 1 });
  expect(tokens_T.length).toBeGreaterThan(0);
});

const judge = async (path: string) => {
  await using engine = followServers(() => createOnnxEngine({ threads: 1 }));
  await using model = await engine.open({ path });
  const verdicts = await createOrm(model, { template: "compact" }).judge(await trajectories());
  return verdicts.map(({ probability }) => probability!);
};

test("its weights come as files for PEFT and judge the same", { timeout: 240_000 }, async () => {
  const out = join(world, "exported");
  const base = join(process.cwd(), "models/base");
  const exported = await webrl(
    "model",
    "export",
    "--model",
    orm,
    "--out",
    out,
    "--base-name",
    base,
    "--json",
  );
  expect(jsonOf(exported)).toMatchObject({ kind: "adapter", base });
  const [there, here] = [await judge(orm), await judge(out)];
  here.forEach((probability, i) => expect(probability).toBeCloseTo(there[i]!, 4));
  expect(mistakeOf(await webrl("model", "export", "--model", orm, "--out", out, "--merge"))).toContain(
    "--merge needs local weights",
  );
});

test("a server that hands out only what samplers read writes that first", { timeout: 60_000 }, async () => {
  const asked: string[] = [];
  // What SkyRL does: archives of `sampler_weights` alone, at an address elsewhere.
  const proxy = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    const forward = async () => {
      const isArchive = request.url!.endsWith("/archive");
      if (isArchive) asked.push(request.url!.replace(/.*checkpoints\//, ""));
      if (isArchive && request.url!.includes("/weights/")) return void response.writeHead(400).end("{}");
      const body = parts.length > 0 ? { body: Buffer.concat(parts) } : {};
      const { host: _, connection: __, ...headers } = request.headers as Record<string, string>;
      const answer = await fetch(`${server.url}${request.url}`, {
        method: request.method!,
        headers,
        ...body,
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type")! });
      response.end(Buffer.from(await answer.arrayBuffer()));
    };
    request.on("end", () => void forward());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  try {
    const copy = join(world, "copy");
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { writeDirectory } = await import("../../engine/onnx/checkpoint/atomic-directory.ts");
    const pointer = JSON.parse(await readFile(join(orm, "tinker.json"), "utf8")) as object;
    await writeDirectory(copy, async (temporary) => {
      await writeFile(join(temporary, "tinker.json"), JSON.stringify({ ...pointer, url }));
      await writeFile(join(temporary, "config.json"), await readFile(join(orm, "config.json")));
    });
    const out = join(world, "by-sampler");
    expect(await webrl("model", "export", "--model", copy, "--out", out)).toMatchObject({ status: 0 });
    expect(asked).toEqual([
      expect.stringMatching(/^weights\/webrl-.*\/archive$/),
      expect.stringMatching(/^sampler_weights\/webrl-export-.*\/archive$/),
    ]);
    expect(JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8"))).toMatchObject({ r: 2 });
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("where the key is wrong or missing, the variable is named, and nothing is written", async () => {
  const fixed = ["model", "export", "--model", orm, "--out", join(world, "none")];
  process.env["MODEL_ON_SERVER_KEY"] = "tml-another-key-than-it-has";
  expect(mistakeOf(await webrl(...fixed))).toContain("does not accept the API key of MODEL_ON_SERVER_KEY");
  process.env["MODEL_ON_SERVER_KEY"] = "";
  expect(mistakeOf(await webrl(...fixed))).toContain("wants an API key, and MODEL_ON_SERVER_KEY is not set");
  process.env["MODEL_ON_SERVER_KEY"] = "two words";
  expect(mistakeOf(await webrl(...fixed))).toContain("the key in MODEL_ON_SERVER_KEY has a space");
  process.env["MODEL_ON_SERVER_KEY"] = KEY;
});
