import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createTinkerEngine } from "../engine/tinker/client/engine.ts";
import { createFakeServer } from "../engine/tinker/testing/fake-server.ts";
import { listenFake } from "../engine/tinker/testing/listen-fake.ts";
import { writeTinyTokenizer } from "../engine/tinker/testing/tiny-tokenizer.ts";
import { openActor } from "./open-actor.ts";

const { directory: base } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(base);
afterAll(() => rmSync(base, { recursive: true }));

// What `webrl eval`, `agent run` and `model demos` open their model by.
it("a checkpoint whose server is down: who is waited for, and until when, is said at once", async () => {
  const checkpoint = join(base, "checkpoint");
  {
    await using port = await listenFake(createFakeServer({ vocabSize }).send);
    await using engine = createTinkerEngine({ url: port.url, model: "tiny", tokenizer: base });
    await using model = await engine.open({ path: base });
    await model.save(checkpoint);
  }
  const told: string[] = [];
  const stop = new AbortController();
  const opening = openActor({
    model: checkpoint,
    llm: [],
    template: "compact",
    onTrouble: (message) => {
      told.push(message);
      stop.abort(new Error("that is enough"));
    },
    signal: stop.signal,
  });
  await expect(opening).rejects.toThrow("that is enough");
  expect(told).toEqual([
    expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+ does not answer \(.*\); waiting for it until \d\d:\d\d:\d\d$/,
    ),
  ]);
});
