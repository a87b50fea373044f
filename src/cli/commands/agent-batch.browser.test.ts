import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BatchResult } from "../../agent/batch/result.ts";
import type { RepeatResult } from "../../agent/repeat/repeat.ts";
import { completion, fakeServer } from "../../chat/testing/fake-server.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let world: string;
beforeEach(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-jobs-"));
});
afterEach(() => rm(world, { recursive: true, force: true }));

const JOB = {
  key: "order",
  instruction: "Set the status of order {order} to {status}",
  effect: { open: "/orders/{order}", values: { status: { label: "Status", wanted: "{status}" } } },
};

async function files(table: string): Promise<[string, string]> {
  const paths: [string, string] = [join(world, "jobs.csv"), join(world, "job.json")];
  await writeFile(paths[0], table);
  await writeFile(paths[1], JSON.stringify(JOB));
  return paths;
}

/** A model that sets the state of any order to `Processing`. */
const clerk = () => {
  const replies = [
    'do(action="Select Dropdown Option", argument="Processing", element="combobox Status")',
    'do(action="Click", element="button Save status")',
    'exit(message="")',
  ];
  return fakeServer((c, call) => c.json(completion(replies[call % replies.length])));
};

describe("webrl agent batch", () => {
  test("a model's budget that is used up ends it with exit code 3; the same command goes on with what is open", async () => {
    await using server = await clerk();
    const [table, job] = await files("order,status\n1400,Processing\n1398,Processing\n1397,Processing\n");
    const out = join(world, "out");
    const site = ["--site", "store-admin", "--approve", "all", "--no-learn", "--json"];
    const batch = (url: string, ...more: string[]) =>
      webrl(
        "agent",
        "batch",
        table,
        ...["--job", job].concat(site, "--model", `openai:m@${url}`, "--out", out),
        ...more,
      );
    // Three requests for the first order, and one for the second.
    const spent = await batch(server.url, "--llm", "budget.requests=4");
    expect(spent.status).toBe(3);
    const result = jsonOf<BatchResult>({ ...spent, status: 0 });
    expect(result.counts).toMatchObject({ done: 1, open: 2, failed: 0 });
    expect(result.ended).toMatchObject({ why: "budget", message: expect.stringContaining("4 requests") });
    expect(result.items.map(({ status, reason }) => [status, reason.includes("budget")])).toEqual([
      ["done", false],
      ["open", true],
      ["open", true],
    ]);
    expect(await readFile(join(out, "results.html"), "utf8")).toContain("Why it ended: the budget");
    await using next = await clerk();
    const rest = jsonOf<BatchResult>(await batch(next.url));
    expect(next.requests).toHaveLength(6);
    expect(rest.counts).toMatchObject({ done: 3, open: 0 });
  });

  test("shows what would be changed, changes it, and says what came of each row", async () => {
    await using server = await clerk();
    const [table, job] = await files(
      "order,status\n1400,Processing\n1395,Processing\n1399\n9999,Processing\n",
    );
    const site = ["--site", "store-admin", "--model", `openai:m@${server.url}`, "--job", job, "--json"];
    const dry = await webrl("agent", "batch", table, ...site, "--out", join(world, "dry"), "--dry-run");
    expect(dry.status).toBe(1);
    expect(jsonOf<BatchResult>({ ...dry, status: 0 }).counts).toMatchObject({
      planned: 1,
      already: 1,
      failed: 1,
    });
    expect(server.requests).toHaveLength(0);

    const out = join(world, "out");
    const done = await webrl("agent", "batch", table, ...site, "--out", out, "--approve", "all");
    const result = jsonOf<BatchResult>({ ...done, status: 0 });
    expect(result.counts).toMatchObject({ done: 1, already: 1, failed: 1 });
    expect(result.broken).toEqual([{ line: 4, reason: "it has 1 cell, but the header names 2 columns" }]);
    expect(await readFile(join(out, "results.html"), "utf8")).toContain("Pending");
    expect(done.stderr).toContain("1/3  1400  done: status Pending -> Processing");
  });

  test("what is wrong is said before anything starts, with exit code 2", async () => {
    const [table, job] = await files("order,state\n1400,Processing\n");
    const mistake = async (...args: string[]) =>
      mistakeOf(
        await webrl(
          "agent",
          "batch",
          ...args,
          "--site",
          "store-admin",
          "--out",
          join(world, "out"),
          "--model",
          "openai:m@http://127.0.0.1:1/v1",
        ),
      );
    expect(await mistake(table, "--job", job)).toContain('no column "status"');
    expect(await mistake(table)).toContain("no job is named");
    expect(await mistake("--job", job)).toContain("no table of jobs is named");
    expect(await mistake(table, "--job", job, "--instruction", "Set {order} to {state")).toContain(
      "names no column",
    );
    expect(await mistake("--undo", world, "--job", job)).toContain("--out cannot be combined with --undo");
  });
});

describe("webrl agent repeat", () => {
  test("does again what a run did, and names what it cannot", async () => {
    await using server = await clerk();
    const out = join(world, "agent");
    const site = ["--site", "store-admin", "--start", "/orders/1400", "--model", `openai:m@${server.url}`];
    const first = await webrl("agent", "run", ...site, "--out", out, "Set the status to Processing");
    expect(first.status).toBe(0);
    const asked = server.requests.length;
    const again = await webrl(
      "agent",
      "repeat",
      out,
      ...site,
      "--alone",
      "--value",
      "Processing=Shipped",
      "--json",
    );
    expect(jsonOf<RepeatResult>(again)).toMatchObject({
      outcome: "done",
      same: true,
      repeated: 2,
      byModel: 0,
    });
    expect(server.requests).toHaveLength(asked);
    const mistake = async (...args: string[]) => mistakeOf(await webrl("agent", "repeat", ...args, ...site));
    expect(await mistake(out, "--value", "Processing")).toContain("is not of the form old=new");
    expect(await mistake(out, "--value", "red=blue")).toContain("is not in the instruction");
    expect(await mistake(out, "--run", "agent-0/0001")).toContain("has no run");
    expect(await mistake(join(world, "none"))).toContain("holds no agent's runs");
  });
});
