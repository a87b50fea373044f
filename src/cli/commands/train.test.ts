import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeRun } from "../../dashboard/testing/made-run.ts";
import { createOnnxEngine } from "../../engine/onnx/engine.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-train-"));
});
/** The shipped model, with another configuration. */
async function madeModel(name: string, changes: object): Promise<string> {
  const path = join(directory, name);
  await cp("models/base", path, { recursive: true });
  const file = join(path, "config.json");
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  if (Object.keys(changes).length > 0) await writeFile(file, JSON.stringify({ ...config, ...changes }));
  return path;
}
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

  test("a model that does not fit into memory is refused before anything is written", async () => {
    const huge = await madeModel("huge", { hidden_size: 8192, num_hidden_layers: 400, head_dim: 2048 });
    const run = join(directory, "huge-run");
    const said = mistakeOf(await webrl("train", "--set", `models.base=${huge}`, "--run", run));
    expect(said).toMatch(
      /needs about 28\d\d\.\d GB of memory \(.*trained weights 554\.6 GB.*this process may have/,
    );
    expect(existsSync(run)).toBe(false);
    const demo = mistakeOf(await webrl("demo", "--base", huge, "--run", run));
    expect(demo).toMatch(/frozen weights 554\.6 GB, trained weights/);
  });

  test("settings that contradict the adapter it starts from are refused before anything is written", async () => {
    const base = await madeModel("base", {});
    const adapter = join(directory, "adapter");
    await using engine = createOnnxEngine({ threads: 1 });
    await using model = await engine.open({ path: base, lora: { rank: 2, alpha: 32, seed: 0 } });
    await model.save(adapter);
    const run = join(directory, "other-run");
    const start = (lora: string) =>
      webrl("train", "--set", `models.base=${adapter}`, "--set", `models.lora=${lora}`, "--run", run);
    expect(mistakeOf(await start('{"rank": 4}'))).toContain("an adapter with rank 2, but 4 is asked for");
    expect(mistakeOf(await start('{"rank": 2, "layers": 1}'))).toContain(
      'layers "all", but [3] is asked for',
    );
    expect(existsSync(run)).toBe(false);
  });

  test("does not go over a run that is there, and says how to continue it", async () => {
    const run = join(directory, "there");
    await makeRun(run, { phases: 1, episodes: 2, tasks: 2 });
    expect(mistakeOf(await webrl("train", "--run", run))).toContain(`webrl resume ${run}`);
  });
});
