import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import sums from "../../examples/own-suite.ts";
import { completion, fakeServer } from "../chat/testing/fake-server.ts";
import { jsonOf, mistakeOf, webrl } from "../cli/testing/webrl.ts";
import type { Observation } from "../core/observation.ts";
import { siteRules } from "../testing/site-kit.ts";
import type { SuiteCheck } from "./check.ts";

const ON = ["--suite", "own", "--file", "examples/own-suite.ts", "--json"];

describe("the example of a suite keeps the contract of sites and episodes", () => {
  const task = sums.task("sums.add/4");
  const solve = (pages: readonly Observation[]) => {
    const oracle = sums.oracleFor(task, pages[0]!);
    let next = oracle.next();
    for (const page of pages.slice(1)) next = oracle.next(page);
    return next.value!;
  };
  for (const rule of siteRules({ create: async () => sums.createSite(), task, solve }))
    test(rule.name, async () => rule.run());
});

test("suite check and eval work on the example of a suite", async () => {
  const check = jsonOf<SuiteCheck & { noSolver: string[] }>(
    await webrl("suite", "check", "--instances", "2", ...ON),
  );
  expect(check).toMatchObject({ suite: "sums", ok: true, episodes: 4, noSolver: [] });
  await using server = await fakeServer((c) => c.json(completion('exit(message="")')));
  const model = ["--model", `openai:m@${server.url}`];
  const folder = await mkdtemp(join(tmpdir(), "webrl-given-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const scoring = ["eval", "--tasks", "1", "--out", join(folder, "tries.jsonl"), ...model, ...ON];
  expect(jsonOf(await webrl(...scoring))).toMatchObject({ tasks: 1, successes: 0, faults: 0 });
  expect(mistakeOf(await webrl(...scoring, "--judge", `openai:j@${server.url}`))).toContain(
    'holds episodes with other settings: judge was null, now it is "openai:j"',
  );
  // With several ways to judge, scores say which one was used.
  const strict = join(folder, "strict.ts");
  const example = fileURLToPath(new URL("../../examples/own-suite.ts", import.meta.url));
  await writeFile(
    strict,
    `import sums from ${JSON.stringify(example)};\nexport default { ...sums, evaluator: "strict" };\n`,
  );
  const scored = await webrl("eval", "--tasks", "1", ...model, "--suite", "own", "--file", strict);
  expect(scored.stdout).toMatch(/^openai:m \(evaluator strict\): 0\.0%/m);
});
