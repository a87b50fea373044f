/** @file A consumer's program: strict TypeScript, every public entry by name, and the shipped model in the engine. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { answerOf, ConfigError, loadSuite, parseAction, trainConfigSchema } from "webrl";
import type { Proposer, Task, TrainConfig, Trajectory } from "webrl";
import { createOnnxEngine } from "webrl/engine";
import type { Engine, Model } from "webrl/engine";
import { answerIs, click, defineSite, exit } from "webrl/sites";
import type { Observation, SiteDefinition } from "webrl/sites";
import { createFakeProposer, proposerRules, runRules } from "webrl/testing";

const site: SiteDefinition = defineSite({
  name: "desk",
  baseUrl: "http://127.0.0.1:{port}",
  start: { command: "node server.mjs" },
  tasks: [
    {
      id: "requester",
      instruction: "Who asked?",
      check: [answerIs("Ben Osei")],
      *oracle(_: unknown, first: Observation) {
        yield click(first, "link", /Printer/);
        yield exit("Ben Osei");
      },
    },
  ],
});

const config: TrainConfig = trainConfigSchema.parse({});
const suite = await loadSuite("built-in");
const tasks: readonly Task[] = suite.tasks({ split: "test" });

const createProposer = async (): Promise<Proposer> => createFakeProposer(tasks);
const broken = await runRules(proposerRules(createProposer, tasks.slice(0, 3)));
const answerGiven = (trajectory: Trajectory): string | null => answerOf(trajectory.ending);

let refused = "";
try {
  await loadSuite("no-such-suite");
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  refused = error.hint;
}

async function sampleTokens(engine: Engine): Promise<number> {
  const root = dirname(createRequire(import.meta.url).resolve("webrl/package.json"));
  const model: Model = await engine.open({ path: join(root, "models", "base") });
  const prompt_T = model.tokenizer.encode("The answer is");
  const { tokens_T } = await model.sample({ prompt_T, maxTokens: 4, temperature: 0, seed: 1 });
  await model[Symbol.asyncDispose]();
  return tokens_T.length;
}

const engine = createOnnxEngine();
const tokens = await sampleTokens(engine);
await engine[Symbol.asyncDispose]();

const action = parseAction('exit(message="done")');
process.stdout.write(
  JSON.stringify({
    site: site.name,
    tasks: tasks.length > 0,
    phases: config.phases > 0,
    action: action.ok,
    broken: broken.map(({ name }) => name),
    refused: refused.length > 0,
    answerGiven: typeof answerGiven,
    tokens,
  }),
);
