import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("model demos and rollouts ask for what they need and refuse shares that are none", async () => {
  expect(mistakeOf(await webrl("model", "demos"))).toContain("--out");
  expect(mistakeOf(await webrl("model", "rollouts", "--out", "x.jsonl"))).toContain("--model");
  expect(mistakeOf(await webrl("model", "demos", "--out", "x.jsonl", "--detour-rate", "2"))).toContain(
    "a fraction from 0 to 1",
  );
  expect(
    mistakeOf(await webrl("model", "demos", "--out", "x.jsonl", "--task-templates", "map.nearst")),
  ).toContain("map.nearest");
});

test("model demos says that a suite has no oracles, and who could play instead", async () => {
  const folder = await mkdtemp(join(tmpdir(), "webrl-no-oracle-"));
  const site = `export default { name: "desk", baseUrl: "http://127.0.0.1:9", tasks: [
    { id: "settings", instruction: "Do it.", split: "train" },
  ] };`;
  await writeFile(join(folder, "site.mjs"), site);
  const own = ["--suite", "own", "--file", join(folder, "site.mjs")];
  const mistake = mistakeOf(await webrl("model", "demos", ...own, "--out", join(folder, "demos.jsonl")));
  expect(mistake).toContain("the suite desk has no oracle for any of the tasks that match");
  expect(mistake).toContain(
    "Write an oracle (docs/define-site.md), or name a model that plays, with --model.",
  );
  await rm(folder, { recursive: true });
});
