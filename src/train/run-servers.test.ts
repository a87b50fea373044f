import { rmSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import type { Model } from "../core/engine.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createFakeServer } from "../engine/tinker/testing/fake-server.ts";
import { listenFake } from "../engine/tinker/testing/listen-fake.ts";
import { writeTinyTokenizer } from "../engine/tinker/testing/tiny-tokenizer.ts";
import { loadConfig } from "../run/parse-config.ts";
import type { Run } from "../run/run-directory.ts";
import { createRunModels } from "./run-models.ts";
import { openRunServers } from "./run-servers.ts";

const { directory: base } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(base);
afterAll(() => rmSync(base, { recursive: true }));

const configOf = (actor: string, critic: string) =>
  loadConfig({
    set: [
      "engine.kind=tinker",
      `engine.url=${actor}`,
      "engine.model=tiny",
      `engine.critic=${JSON.stringify({ url: critic, model: "tiny", rank: 2 })}`,
      `models.base=${base}`,
    ],
  });

async function step(model: Model): Promise<void> {
  const tokens_T = model.tokenizer.encode("The lamp costs $24.");
  await model.forwardBackward([{ tokens_T, positions_N: [0], targets_N: [tokens_T[1]!] }], "cross_entropy");
  await model.optimStep({ learningRate: 0.1 });
}

it("the critic is trained on its own server, and the actor on the other", { timeout: 120_000 }, async () => {
  const [ofActor, ofCritic] = [
    createFakeServer({ vocabSize }),
    createFakeServer({ vocabSize, codec: "json" }),
  ];
  await using actorPort = await listenFake(ofActor.send);
  await using criticPort = await listenFake(ofCritic.send);
  const config = await configOf(actorPort.url, criticPort.url);
  const servers = (await openRunServers(config, {}))!;
  const { actor, critic, report } = servers;
  await using _actor = actor.engine;
  await using _critic = critic.engine;
  // Each is measured for itself.
  expect([report.profile?.codec, report.critic?.profile?.codec]).toEqual(["protobuf", "json"]);
  const probed = [ofActor.steps, ofCritic.steps];
  const run = { directory: "nowhere" } as Run;
  await using models = createRunModels(run, config, { engine: actor.engine, criticEngine: critic.engine });
  {
    await using model = await models.open("critic", -1);
    for (let n = 0; n < 2; n++) await step(model);
  }
  {
    await using model = await models.open("actor", 0);
    await step(model);
  }
  expect([ofActor.steps - probed[0]!, ofCritic.steps - probed[1]!]).toEqual([1, 2]);
});

it(
  "a critic's server that computes another gradient is refused, and the actor's is let go of",
  { timeout: 120_000 },
  async () => {
    const ofActor = createFakeServer({ vocabSize });
    await using actorPort = await listenFake(ofActor.send);
    await using criticPort = await listenFake(createFakeServer({ vocabSize, arithmetic: "no_sign" }).send);
    await expect(openRunServers(await configOf(actorPort.url, criticPort.url), {})).rejects.toThrow(
      `${criticPort.url} would train with a different gradient`,
    );
    expect(ofActor.weights()).toEqual([]);
  },
);
