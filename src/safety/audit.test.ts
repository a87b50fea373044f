import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Intent } from "./approval.ts";
import { describeAudit, openAudit, verifyAudit } from "./audit.ts";
import type { AuditEntry } from "./gate.ts";

const directories: string[] = [];
async function directoryOf(lines: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "audit-"));
  directories.push(directory);
  await using log = await openAudit(directory, () => new Date("2026-11-29T10:00:00Z"));
  for (let i = 1; i <= lines; i++) log.append(decision(`d${i}`, i));
  return directory;
}
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

const intent: Intent = {
  by: "agent",
  effect: "buy",
  pageUrl: "http://shop.test/checkout",
  method: "POST",
  url: "http://shop.test/orders",
  fields: [],
  amount: 1,
  shownAmount: null,
  action: "click",
  element: "Place order",
  why: "the site declares it",
};
const decision = (id: string, amount: number): AuditEntry => ({
  kind: "decision",
  id,
  run: "r1",
  intent: { ...intent, amount },
  verdict: "ask",
  rule: "effects.buy is ask",
  answer: { approved: true, by: "anna", at: "2026-11-29T10:00:00.000Z" },
  granted: true,
  reason: null,
});

const textOf = (directory: string) => readFileSync(join(directory, "audit.jsonl"), "utf8");
const rewrite = (directory: string, change: (lines: string[]) => string[]) =>
  writeFileSync(
    join(directory, "audit.jsonl"),
    change(textOf(directory).trimEnd().split("\n"))
      .map((line) => `${line}\n`)
      .join(""),
  );

it("a log that nobody touched is whole, and goes on after it was closed", async () => {
  const directory = await directoryOf(3);
  {
    await using log = await openAudit(directory);
    log.append({ kind: "outcome", of: "d3", outcome: "answered 303" });
  }
  const { problems, lines, torn } = verifyAudit(directory);
  expect(problems).toEqual([]);
  expect(lines.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  expect(torn).toBe(false);
  expect(describeAudit(lines[0]!)).toContain(
    'granted  buy 1, POST http://shop.test/orders, by "Place order"',
  );
});

it.each<[string, (lines: string[]) => string[], RegExp]>([
  [
    "a changed amount",
    (lines) => lines.with(1, lines[1]!.replace('"amount":2', '"amount":9')),
    /:2 was changed/,
  ],
  ["a line taken out", (lines) => lines.toSpliced(1, 1), /:2 does not follow/],
  ["the first line taken out", (lines) => lines.slice(1), /:1 does not follow/],
  ["two lines swapped", ([a, b, c, d]) => [a!, c!, b!, d!], /:2 does not follow/],
  ["the end cut off", (lines) => lines.slice(0, 2), /:3 to 4 are missing/],
  ["the last line cut off", (lines) => lines.slice(0, 3), /:4 is missing/],
  ["everything cut off", () => [], /:1 to 4 are missing/],
  ["a line that is not JSON", (lines) => lines.with(2, "{"), /:3 is not a line/],
  ["a line put in", (lines) => lines.toSpliced(2, 0, lines[1]!), /:3 does not follow/],
])("%s is found and named", async (_, change, message) => {
  const directory = await directoryOf(4);
  rewrite(directory, change);
  expect(verifyAudit(directory).problems.join("\n")).toMatch(message);
  await expect(openAudit(directory)).rejects.toThrow(/is damaged/);
});

it("a log that was written anew with right hashes is found by a hash that was kept elsewhere", async () => {
  const [directory, other] = [await directoryOf(4), await directoryOf(2)];
  const { hash } = verifyAudit(directory);
  for (const name of ["audit.jsonl", "audit-head.json"])
    writeFileSync(join(directory, name), readFileSync(join(other, name)));
  expect(verifyAudit(directory).problems).toEqual([]);
  expect(verifyAudit(directory, hash).problems.join()).toMatch(/no line has the hash/);
});

it("what was granted today counts for the next process, and what came to nothing does not", async () => {
  const directory = await directoryOf(2);
  {
    await using log = await openAudit(directory);
    log.append({ kind: "outcome", of: "d2", outcome: "nothing was sent", unused: true });
  }
  await using log = await openAudit(directory);
  expect(log.sumSpent("2026-11-29")).toEqual({ amount: 1, counts: { buy: 1 } });
  expect(log.sumSpent("2026-11-28").amount).toBe(0);
});

it("a process that is killed while it writes leaves a log that is whole", async () => {
  const directory = await directoryOf(0);
  for (let round = 0; round < 4; round++) {
    const code = `import { openAudit } from ${JSON.stringify(new URL("audit.ts", import.meta.url).href)};
      const log = await openAudit(${JSON.stringify(directory)});
      for (let i = 0; ; i++) { log.append({ kind: "outcome", of: "x" + i, outcome: "y".repeat(5000) }); if (i === 3) console.log("writing"); }`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(verifyAudit(directory).problems).toEqual([]);
  }
  // As a kill in the middle of a write would leave it.
  writeFileSync(join(directory, "audit.jsonl"), `${textOf(directory)}{"n":`);
  expect(verifyAudit(directory)).toMatchObject({ problems: [], torn: true });
  await using log = await openAudit(directory);
  log.append({ kind: "outcome", of: "d", outcome: "after" });
  expect(verifyAudit(directory)).toMatchObject({ problems: [], torn: false });
});
