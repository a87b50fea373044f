import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { checkEngine, engineSettingsSchema } from "../core/engine-settings.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createFakeServer } from "../engine/tinker/testing/fake-server.ts";
import { listenFake } from "../engine/tinker/testing/listen-fake.ts";
import { writeTinyTokenizer } from "../engine/tinker/testing/tiny-tokenizer.ts";
import { loadConfig } from "../run/parse-config.ts";
import { followServers, openServer } from "./open-engine.ts";

const { directory: tokenizer } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(tokenizer);
afterAll(() => rmSync(tokenizer, { recursive: true }));
const settings = { model: "tiny", apiKeyEnv: "NO_SUCH_KEY", rank: 4 };

describe("a run's engine on a server", () => {
  it("trains, and a checkpoint's directory finds the server again", async () => {
    const server = createFakeServer({ vocabSize });
    await using port = await listenFake(server.send);
    const { engine, report } = await openServer({ url: port.url, ...settings }, { tokenizer });
    await using _engine = engine;
    expect(report.profile).toMatchObject({ reduction: "sum", surrogate: "cross_entropy" });
    await using model = await engine.open({ path: tokenizer });
    const tokens_T = model.tokenizer.encode("The lamp costs $24.");
    const datum = { tokens_T, positions_N: [0], targets_N: [tokens_T[1]!] };
    await model.forwardBackward([datum], "cross_entropy");
    await model.optimStep({ learningRate: 0.1 });
    const checkpoint = `${tokenizer}/checkpoint`;
    await model.save(checkpoint);
    const [saved] = await model.logprobs([datum]);
    const here = () => {
      throw new Error("opened here");
    };
    await using again = followServers(here);
    await using restored = await again.open({ path: checkpoint });
    expect([...(await restored.logprobs([datum]))[0]!]).toEqual([...saved!]);
    await expect(again.open({ path: tokenizer })).rejects.toThrow("opened here");
  });

  it("is refused where the server would compute another gradient, and the difference is named", async () => {
    const server = createFakeServer({ vocabSize, arithmetic: "mean_of_calls" });
    await using port = await listenFake(server.send);
    await expect(openServer({ url: port.url, ...settings }, { tokenizer })).rejects.toThrow(
      /would train with a different gradient .* P3 is 1\.0.*as Hatchery does/,
    );
  });
});

describe("the block `engine` of a configuration", () => {
  it("names a server whole, or none", async () => {
    expect(engineSettingsSchema.parse({})).toMatchObject({ kind: "onnx", apiKeyEnv: "TINKER_API_KEY" });
    for (const [wrong, message] of [
      [{ kind: "tinker" }, /engine\.url is not set/],
      [{ kind: "tinker", url: "http://x" }, /engine\.model is not set/],
      [{ url: "http://x" }, /engine\.url is set, but engine\.kind is onnx/],
    ] as const)
      expect(() => checkEngine(engineSettingsSchema.parse(wrong))).toThrow(message);
    const server = ["engine.kind=tinker", "engine.url=http://127.0.0.1:1", "engine.model=m"];
    expect((await loadConfig({ set: server })).engine.model).toBe("m");
    await expect(loadConfig({ set: [...server, 'models.lora={"rank":4}'] })).rejects.toThrow(/models\.lora/);
  });
});
