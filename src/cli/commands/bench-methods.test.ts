import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../run/parse-config.ts";
import { createRun } from "../../run/run-directory.ts";
import { runInfo } from "../../run/run-info.ts";
import { resolveModels } from "../../train/open-parts.ts";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("bench methods refuses methods and settings that there are not, before anything runs", async () => {
  expect(mistakeOf(await webrl("bench", "methods", "--method", "webr"))).toContain('the nearest is "webrl"');
  expect(mistakeOf(await webrl("bench", "methods", "--method", "awr", "--set", "phasses=1"))).toContain(
    "phases",
  );
  expect(mistakeOf(await webrl("bench", "methods", "--seeds", "0"))).toContain("at least 1");
});

test("a directory is not continued with other settings", async () => {
  const out = await mkdtemp(join(tmpdir(), "webrl-methods-"));
  onTestFinished(() => rm(out, { recursive: true }));
  const config = await loadConfig({ set: ["method=sft"] });
  const directory = join(out, "sft-seed-0");
  await (await createRun(directory, runInfo(await resolveModels(config)), () => {}))[Symbol.asyncDispose]();
  const bench = (...set: string[]) =>
    webrl("bench", "methods", "--method", "sft", "--out", out, "--seeds", "1", ...set);
  expect(mistakeOf(await bench("--set", "phases=1"))).toContain(
    `${directory} holds a run with other settings: phases was 2, now it is 1`,
  );
  expect(mistakeOf(await bench("--set", "models.base=models/orm"))).toMatch(
    /models\.base was ".*base", now it is ".*orm"/,
  );
});
