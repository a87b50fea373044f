import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { fakeConfig } from "../train/testing/fake-run.ts";
import { browserOfModel, checkCost, openModel } from "./model.ts";
import { browserFor } from "./parts.ts";
import { openRecord } from "./record.ts";
import { exit, scriptedPolicy } from "./testing/scripted-policy.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-model-"))));
afterEach(() => rm(directory, { recursive: true }));

test("a run gives its newest policy: the base, where it has trained none yet", async () => {
  const run = join(directory, "run");
  {
    await using _ = await createRun(run, runInfo(fakeConfig("models/base")), () => {});
  }
  await using model = await openModel({ model: run });
  expect(model).toMatchObject({ name: "models/base", format: "compact", chat: null });
});

test("what another agent did is not a model", async () => {
  {
    await using _ = await openRecord(directory, { site: "shop", model: "somebody" });
  }
  await expect(openModel({ model: directory })).rejects.toThrow("is an agent's directory");
});

test("a policy of your own is taken as it is, and has no price", async () => {
  await using model = await openModel({ model: scriptedPolicy([exit()]) });
  expect(model).toMatchObject({ name: "scripted", format: "compact" });
  expect(() => checkCost(model, 1)).toThrow("has no price");
  checkCost(model, null);
});

test("a server's price makes a limit on money mean something", async () => {
  const llm = ['price={"input": 1, "output": 2}'];
  await using model = await openModel({ model: "openai:m@http://127.0.0.1:1/v1", llm });
  checkCost(model, 1);
  expect(model.chat?.name).toContain("m");
});

test("a run's model is shown its pages as the run did, and what is asked for goes over it", async () => {
  const model = join(directory, "run");
  const shown = { width: 800, height: 600, locale: "de-DE", timezone: "Europe/Berlin" };
  const config = { ...fakeConfig("models/base") };
  config.browser = { ...config.browser, ...shown, proxyHost: "trainer.internal" };
  {
    await using _ = await createRun(model, runInfo(config), () => {});
  }
  expect(await browserOfModel(model)).toEqual(shown);
  expect(await browserFor({ site: "storefront", model, browser: { width: 1024 } })).toEqual({
    ...shown,
    width: 1024,
  });
  expect(await browserOfModel("openai:m@http://127.0.0.1:1/v1")).toBeUndefined();
  expect(await browserOfModel("models/base")).toBeUndefined();
});
