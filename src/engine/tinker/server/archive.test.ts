import { createServer } from "node:http";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import type { Engine, Model } from "../../../core/engine.ts";
import { writeManifest } from "../../onnx/checkpoint/manifest.ts";
import { createOnnxEngine } from "../../onnx/engine.ts";
import { createTinkerEngine } from "../client/engine.ts";
import { SUM_PROFILE } from "../profile.ts";
import { serveEngine } from "./serve.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

/** Speaks as vLLM does, and opens the adapters that it is given with the embedded engine. */
async function listenSampler(engine: Engine, base: string): Promise<{ url: string } & AsyncDisposable> {
  let model: Model | null = null;
  const answer = async (path: string, body: Record<string, unknown>): Promise<object> => {
    if (path === "/v1/models") return { data: [{ id: "base", max_model_len: 128 }] };
    if (path === "/v1/load_lora_adapter") {
      const adapter = body["lora_path"] as string;
      // vLLM has its base already; this one finds it through the adapter's file.
      const file = join(adapter, "adapter_config.json");
      const config = JSON.parse(await readFile(file, "utf8")) as object;
      await rm(join(adapter, "manifest.json"));
      await writeFile(file, JSON.stringify({ ...config, base_model_name_or_path: base }));
      await writeManifest(adapter);
      model = await engine.open({ path: adapter });
    }
    if (path !== "/v1/completions") return {};
    const prompt_T = body["prompt"] as number[];
    if (body["prompt_logprobs"] !== undefined) {
      const [found] = await model!.logprobs([
        { tokens_T: prompt_T, positions_N: prompt_T.slice(1).map((_, n) => n), targets_N: prompt_T.slice(1) },
      ]);
      const prompt_logprobs = prompt_T.map((token, n) =>
        n === 0 ? null : { [token]: { logprob: found![n - 1] } },
      );
      return { choices: [{ finish_reason: "length", prompt_logprobs }] };
    }
    const { tokens_T, logprobs_T } = await model!.sample({ prompt_T, maxTokens: 8, temperature: 1, seed: 3 });
    return {
      choices: [{ finish_reason: "length", token_ids: tokens_T, logprobs: { token_logprobs: logprobs_T } }],
    };
  };
  const server = createServer((request, response) => {
    const answered = (async () => {
      const text = Buffer.concat(await request.toArray()).toString() || "{}";
      response.end(JSON.stringify(await answer(request.url!, JSON.parse(text) as Record<string, unknown>)));
    })();
    answered.catch((error: Error) => response.writeHead(400).end(error.message));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await model?.[Symbol.asyncDispose]();
    },
  };
}

it("an adapter that was trained here is downloaded and sampled from elsewhere, and says there what it says here", async () => {
  const root = await mkdtemp(join(tmpdir(), "webrl-archive-"));
  try {
    const base = join(root, "tiny");
    await makeTinyModel(base);
    await using server = await serveEngine({
      models: [base],
      directory: join(root, "server"),
      port: 0,
      engine: { threads: 1 },
    });
    await using here = createOnnxEngine({ threads: 1 });
    await using sampler = await listenSampler(here, base);
    const directory = join(root, "adapters");
    await using engine = createTinkerEngine({
      url: server.url,
      model: "tiny",
      tokenizer: base,
      profile: SUM_PROFILE,
      sampler: { url: sampler.url, directory, maxDifference: 1e-3 },
    });
    await using model = await engine.open({ path: base });
    const prompt_T = model.tokenizer.encode("The lamp costs");
    const read = async (tokens_T: number[]) =>
      (
        await model.logprobs([
          {
            tokens_T: [...prompt_T, ...tokens_T],
            positions_N: tokens_T.map((_, n) => prompt_T.length - 1 + n),
            targets_N: tokens_T,
          },
        ])
      )[0]!;
    const first = await model.sample({ prompt_T, maxTokens: 8, temperature: 1, seed: 3 });
    const untrained = await read(first.tokens_T);
    const tokens_T = [...prompt_T, ...first.tokens_T];
    const datum = { tokens_T, positions_N: tokens_T.slice(1).map((_, n) => n), targets_N: tokens_T.slice(1) };
    for (let step = 0; step < 3; step++) {
      await model.forwardBackward([datum], "cross_entropy");
      await model.optimStep({ learningRate: 0.02 });
    }
    const { tokens_T: sampled, logprobs_T } = await model.sample({
      prompt_T,
      maxTokens: 8,
      temperature: 1,
      seed: 3,
    });
    const trained = await read(sampled);
    logprobs_T.forEach((each, n) => expect(Math.abs(each - trained[n]!)).toBeLessThan(1e-3));
    const moved = await read(first.tokens_T);
    expect(Math.max(...moved.map((each, n) => each - untrained[n]!))).toBeGreaterThan(0.1);
    const [name] = await readdir(directory);
    expect(await readdir(join(directory, name!))).not.toContain("optimizer.safetensors");
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}, 300_000);
