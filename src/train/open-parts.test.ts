import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import type { Trajectory } from "../core/trajectory.ts";
import { listen } from "../http/listen.ts";
import { createFakeEngine } from "../testing/fake-engine.ts";
import { trainConfigSchema } from "../run/config.ts";
import { builtInSuite } from "../tasks/built-in-suite.ts";
import { loadConfig } from "../run/parse-config.ts";
import { openParts, readFirstReplay, resolveModels } from "./open-parts.ts";

const suite = builtInSuite();

test("demonstrations of another browser are refused, and the shipped ones left out", async () => {
  const [task] = suite.tasks({ split: "train", limit: 1 });
  const directory = await mkdtemp(join(tmpdir(), "webrl-parts-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "shown.jsonl");
  const step = { observation: { format: "compact" } };
  await writeFile(file, JSON.stringify({ id: "a", trajectory: { task, steps: [step] } }) + "\n");
  const config = (browser: object, demonstrations: string) =>
    trainConfigSchema.parse({ browser, models: { template: "compact", demonstrations } });
  const shipped = trainConfigSchema.parse({}).models.demonstrations!;
  expect(await readFirstReplay(config({}, file), suite)).toHaveLength(1);
  await expect(readFirstReplay(config({ height: 900 }, file), suite)).rejects.toThrow(
    "are of pages in 1280 × 720, en-US, UTC, the run's pages are shown in 1280 × 900, en-US, UTC (browser)",
  );
  expect((await readFirstReplay(config({}, shipped), suite)).length).toBeGreaterThan(10);
  expect(await readFirstReplay(config({ height: 900 }, shipped), suite)).toEqual([]);
});

test("demonstrations of a held-out split are refused", async () => {
  const [task] = suite.tasks({ split: "test", limit: 1 });
  const directory = await mkdtemp(join(tmpdir(), "webrl-parts-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "shown.jsonl");
  const step = { observation: { format: "compact" } };
  await writeFile(file, JSON.stringify({ id: "a", trajectory: { task, steps: [step] } }) + "\n");
  const config = trainConfigSchema.parse({ models: { template: "compact", demonstrations: file } });
  await expect(readFirstReplay(config, suite)).rejects.toThrow(
    `in ${file} (models.demonstrations), a is an episode of ${task!.id}, of the test split`,
  );
});

test("a reward model behind a server completes the prompt that it was trained on", async () => {
  const asked: Record<string, unknown>[] = [];
  const app = new Hono().post("/v1/completions", async (c) => {
    asked.push(await c.req.json());
    return c.json({ choices: [{ text: "YES", finish_reason: "stop" }] });
  });
  await using server = await listen(app.fetch, { port: 0 });
  const [task] = suite.tasks({ split: "train", limit: 1 });
  const shown = { task, steps: [], last: null, answer: null };
  const config = await loadConfig({
    set: [
      `models.orm=openai:orm@http://127.0.0.1:${server.port}/v1`,
      "models.base=models/base",
      "models.demonstrations=null",
    ],
  });
  // Its pages are not those of the shipped policies.
  await expect(resolveModels(config)).rejects.toThrow("the reward model reads the template paper");
  const models = { ...config.models, template: "paper", ormTemplate: "paper" } as const;
  await using parts = await openParts({ ...config, models }, { engine: createFakeEngine() });
  const [verdict] = await parts.judge!.judge([shown as unknown as Trajectory]);
  expect(verdict).toMatchObject({ success: true });
  expect(asked).toEqual([
    expect.objectContaining({
      model: "orm",
      prompt: expect.stringMatching(/^<\|start_header_id\|>system[^]*assistant<\|end_header_id\|>\n\n$/),
      temperature: 0,
    }),
  ]);
  await expect(
    resolveModels({ ...config, models: { ...config.models, ormTemplate: "chat" } }),
  ).rejects.toThrow(/models.ormTemplate is "chat"/);
});

test("phases that cannot have as many tasks as they should are said", async () => {
  const said = async (set: string[]) => {
    const messages: string[] = [];
    const config = await loadConfig({
      set: ['suite.templates=["storefront.sign-in-order-status"]', "models.demonstrations=null", ...set],
    });
    const parts = await openParts(await resolveModels(config), {
      engine: createFakeEngine(),
      onTrouble: (message) => messages.push(message),
    });
    await parts[Symbol.asyncDispose]();
    return messages.filter((message) => message.includes("no task twice"));
  };
  const there = suite.tasks({ split: "train", template: "storefront.sign-in-order-status" }).length;
  expect(await said([`tasks.initial=${there}`])).toEqual([]);
  expect(await said([`tasks.initial=${there + 1}`, "tasks.perPhase=5000"])).toEqual([
    expect.stringContaining(`tasks.initial is ${there + 1}, but there are ${there} tasks`),
  ]);
  expect(await said(["method=digirl", `tasks.initial=${there}`, "tasks.perPhase=5000"])).toEqual([
    expect.stringContaining(`tasks.perPhase is 5000, but there are ${there} tasks`),
  ]);
});
