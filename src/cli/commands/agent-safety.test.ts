import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAudit } from "../../safety/audit.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-safety-"));
});
afterAll(async () => rm(directory, { recursive: true }));

test("policy check shows what a policy says, and refuses one that contradicts itself", async () => {
  const file = join(directory, "policy.json");
  await writeFile(
    file,
    JSON.stringify({ effects: { delete: "deny" }, rules: [{ name: "own", verdict: "ask" }] }),
  );
  const { stdout, status } = await webrl("agent", "policy", "check", file);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^delete +deny +own: ask$/m);
  await writeFile(file, JSON.stringify({ limits: { amountPerAction: 5, amountPerRun: 1 } }));
  expect(mistakeOf(await webrl("agent", "policy", "check", file))).toContain(
    "Raise limits.amountPerRun or lower limits.amountPerAction.",
  );
  expect(mistakeOf(await webrl("agent", "policy", "check", join(directory, "none.json")))).toContain(
    "cannot be read",
  );
});

test("audit show prints a log, and audit verify names the line that was changed", async () => {
  {
    await using log = await openAudit(directory);
    for (const of of ["a-1", "a-2"]) log.append({ kind: "outcome", of, outcome: "answered 302" });
  }
  const { stdout } = await webrl("agent", "audit", "show", directory);
  expect(stdout).toMatch(/a-1 {2}answered 302\n.*a-2 {2}answered 302/);
  const whole = await webrl("agent", "audit", "verify", directory, "--json");
  expect(jsonOf(whole)).toMatchObject({ ok: true, lines: 2, problems: [] });
  const path = join(directory, "audit.jsonl");
  await writeFile(path, (await readFile(path, "utf8")).replace("a-2", "a-3"));
  const damaged = await webrl("agent", "audit", "verify", directory);
  expect(damaged.status).toBe(1);
  expect(damaged.stdout).toContain("audit.jsonl:2 was changed after it was written");
  expect(mistakeOf(await webrl("agent", "audit", "verify", join(directory, "none")))).toContain(
    "has no audit log",
  );
});
