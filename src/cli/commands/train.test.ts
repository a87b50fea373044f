import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRun } from "../../dashboard/testing/made-run.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-train-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("webrl train", () => {
  test("--settings lists every setting with its default and meaning, and trains nothing", async () => {
    const settings = jsonOf<{ key: string; default: unknown; description: string }[]>(
      await webrl("train", "--settings", "--json"),
    );
    expect(settings).toContainEqual(expect.objectContaining({ key: "actor.beta", default: 0.3 }));
    expect(settings.filter(({ description }) => description === "")).toEqual([]);
    const { stdout } = await webrl("train", "--settings");
    for (const { key } of settings) expect(stdout).toContain(`${key} = `);
  });

  test("an unknown setting is refused with the nearest one", async () => {
    expect(mistakeOf(await webrl("train", "--set", "actor.betta=1"))).toContain("actor.beta");
    expect(mistakeOf(await webrl("train", "--set", "phases=-1"))).toContain("phases");
  });

  test("does not go over a run that is there, and says how to continue it", async () => {
    const run = join(directory, "there");
    await makeRun(run, { phases: 1, episodes: 2, tasks: 2 });
    expect(mistakeOf(await webrl("train", "--run", run))).toContain(`webrl resume ${run}`);
  });
});
