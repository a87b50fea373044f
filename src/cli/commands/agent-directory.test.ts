import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockRun } from "../../run/run-lock.ts";
import { mistakeOf, webrl } from "../testing/webrl.ts";

let world: string;
let directory: string;
beforeEach(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-directory-"));
  directory = join(world, "agent");
  await mkdir(join(directory, "phases", "00"), { recursive: true });
  await writeFile(join(world, "jobs.csv"), "order,status\n1400,Processing\n");
  const effect = { open: "/orders/{order}", values: { status: { label: "Status", wanted: "{status}" } } };
  await writeFile(
    join(world, "job.json"),
    JSON.stringify({ key: "order", instruction: "Set {order} to {status}", effect }),
  );
  const properties = { name: { type: "string" } };
  await writeFile(join(world, "schema.json"), JSON.stringify({ type: "object", properties }));
});
afterEach(() => rm(world, { recursive: true }));

/** A directory with a run that can be repeated, whose journal is of this format. */
async function begin(format: number): Promise<void> {
  const lines = [
    { time: "2026-11-29T12:00:00.000Z", kind: "journal", format, version: "9.1.0" },
    { time: "2026-11-29T12:00:01.000Z", kind: "run_ended", run: "agent-1/0001", outcome: "done" },
  ];
  await writeFile(
    join(directory, "journal.jsonl"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  const run = { id: "agent-1/0001", trajectory: { id: "agent-1/0001" } };
  await writeFile(join(directory, "phases", "00", "trajectories.jsonl"), `${JSON.stringify(run)}\n`);
}

const at = (name: string) => join(world, name);
const USES: readonly (readonly [string, () => string[]])[] = [
  ["run", () => ["Look around", "--out", directory]],
  ["extract", () => ["all products", "--schema", at("schema.json"), "--record", directory]],
  ["chat", () => ["--policy", "examples/agent-service.json", "--port", "0", "--out", directory]],
  ["batch", () => [at("jobs.csv"), "--job", at("job.json"), "--out", directory]],
  ["batch --undo", () => ["--undo", directory]],
  ["repeat", () => [directory]],
  ["mcp", () => ["--out", directory]],
];

describe.each(USES)("webrl agent %s", (use, args) => {
  const mistake = async () => {
    const command = ["agent", use.split(" ")[0]!, ...args(), "--site", "store-admin"];
    return mistakeOf(await webrl(...command, "--model", "openai:m@http://127.0.0.1:1/v1"));
  };

  test("refuses a directory that another process has, and says whose it is", async () => {
    await begin(1);
    const release = await lockRun(directory);
    expect(await mistake()).toContain(`process ${process.pid}`);
    await release();
  });

  test("refuses a journal of another version, with what to do", async () => {
    await begin(2);
    expect(await mistake()).toMatch(
      /journal in format 2, written by webrl 9\.1\.0; this version reads format 1\n.*Continue with the version that wrote it/,
    );
  });
});
