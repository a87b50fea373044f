import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeRun } from "../../dashboard/testing/made-run.ts";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("resume of something that is not a run is the user's mistake", async () => {
  expect(mistakeOf(await webrl("resume", tmpdir()))).toContain("is not a run");
  expect(mistakeOf(await webrl("resume"))).toContain("missing required argument");
  expect(mistakeOf(await webrl("resume", tmpdir(), "--phases", "two"))).toContain("whole number");
});

test("resume checks the memory as train does, before it touches the run; a larger model is estimated on stderr", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-resume-"));
  try {
    const base = join(directory, "base");
    await cp("models/base", base, { recursive: true });
    const setModel = async (changes: object) => {
      const file = join(base, "config.json");
      const config = JSON.parse(await readFile(file, "utf8")) as object;
      await writeFile(file, JSON.stringify({ ...config, ...changes }));
    };
    const run = await makeRun(join(directory, "run"), { phases: 1, episodes: 2, tasks: 2, unfinished: true });
    const file = join(run, "config.json");
    const info = JSON.parse(await readFile(file, "utf8")) as { config: { models: { base: string } } };
    info.config.models.base = base;
    await writeFile(file, JSON.stringify(info));
    const events = await readFile(join(run, "events.jsonl"), "utf8");

    await setModel({ hidden_size: 8192, num_hidden_layers: 400, head_dim: 2048 });
    expect(mistakeOf(await webrl("resume", run))).toMatch(/needs about 28\d\d\.\d GB of memory/);
    expect(await readFile(join(run, "events.jsonl"), "utf8")).toBe(events);

    // Weights that do not fit the configuration: it ends when the model is opened.
    await setModel({ hidden_size: 512, num_hidden_layers: 60, head_dim: 64 });
    expect((await webrl("resume", run)).stderr).toMatch(/parameters {2}\d+\.\dM, of which all are trained/);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
