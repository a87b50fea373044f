import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WEBRL } from "../testing/command.ts";
import type { JournalLine } from "../../agent/journal.ts";
import type { Answer } from "../../chat/testing/fake-server.ts";
import { completion, fakeServer } from "../../chat/testing/fake-server.ts";
import type { VerdictLine } from "../../run/records.ts";
import { isLocked } from "../../run/run-lock.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let world: string;
let out: string;
beforeEach(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-agent-"));
  out = join(world, "agent");
});
afterEach(() => rm(world, { recursive: true, force: true }));

const linesOf = async <T>(file: string): Promise<T[]> =>
  (await readFile(join(out, file), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);

/** A model that says these replies, one a request. */
const saying =
  (...replies: string[]): Answer =>
  (c, call) =>
    c.json(completion(replies[Math.min(call, replies.length - 1)]));

const run = (url: string, ...more: string[]) =>
  webrl("agent", "run", "--site", "storefront", "--model", `openai:m@${url}`, "--out", out, ...more);

const PRICE = [
  'do(action="Search", argument="Alder desk lamp", element="textbox Search products")',
  'exit(message="$50.95")',
];

describe("webrl agent run", () => {
  test("tells its steps as they happen, and the answer with where it was seen", async () => {
    await using server = await fakeServer(saying(...PRICE));
    const { status, stdout, stderr } = await run(server.url, "What does the Alder desk lamp cost?");
    expect(status).toBe(0);
    expect(stderr).toContain(`  1  http://shop.webrl.test/  ${PRICE[0]}`);
    expect(stdout).toMatch(/^done: .*\n\n\$50\.95\n\nSeen on:\n {2}http:\/\/shop\.webrl\.test\/search/);
    expect(stdout).toContain("[link Alder desk lamp]");
  });

  test("--json prints one object; a person's verdict is kept beside the run", async () => {
    await using server = await fakeServer(saying(...PRICE));
    const outcome = await run(server.url, "--json", "--screenshots", "What does it cost?");
    const result = jsonOf<{ id: string; steps: { screenshot: string }[] }>(outcome);
    expect(result).toMatchObject({
      directory: out,
      outcome: "done",
      answer: "$50.95",
      unsupported: false,
      usage: { steps: 2, promptTokens: 200, completionTokens: 20 },
    });
    expect((await readFile(join(out, result.steps[0]!.screenshot))).length).toBeGreaterThan(1000);

    const judged = await webrl("agent", "judge", out, "--failure", "--reason", "too dear");
    expect(judged.stdout).toBe(`${result.id}: failure\n`);
    await webrl("agent", "judge", out, "--run", result.id, "--success");
    expect(await linesOf<VerdictLine>("phases/00/verdicts.jsonl")).toMatchObject([
      { id: result.id, success: false, reasons: ["too dear"], by: "person" },
      { id: result.id, success: true, by: "person" },
    ]);
    expect(mistakeOf(await webrl("agent", "judge", out, "--run", "agent-1/0001", "--success"))).toContain(
      `Name one of ${result.id}`,
    );
    expect(mistakeOf(await webrl("agent", "judge", out))).toContain("neither --success nor --failure");
    expect(mistakeOf(await webrl("agent", "judge", world, "--success"))).toContain(
      "is not an agent's directory",
    );
  });

  test(
    "what it did and a person judged is a demonstration to fine-tune on",
    { timeout: 120_000 },
    async () => {
      await using server = await fakeServer(saying(...PRICE));
      const { status, stdout } = await run(server.url, "What does the Alder desk lamp cost?");
      expect(stdout).toMatch(/^done: /);
      expect(status).toBe(0);
      const model = join(world, "model");
      const sft = () =>
        webrl(
          "model",
          "sft",
          "--base",
          "models/base",
          "--demos",
          out,
          "--out",
          model,
          "--steps",
          "1",
          "--json",
        );
      expect((await sft()).stderr).toContain("no run in");
      await webrl("agent", "judge", out, "--success");
      expect(jsonOf(await sft())).toMatchObject({ directory: model, steps: 1 });
    },
  );

  test.each([
    ["a model that answers nonsense", "I would love to help!", 1, "stopped: its last 4 actions"],
    ["one that cannot", 'exit(message="N/A")', 1, "gave up:"],
    ["one that makes an answer up", 'exit(message="$1234")', 4, "(unsupported:"],
  ])("%s", async (_, reply, code, words) => {
    await using server = await fakeServer(saying(reply));
    const { status, stdout } = await run(server.url, "What does it cost?");
    expect(stdout).toContain(words);
    expect(status).toBe(code);
  });

  test.each([
    ["--llm", "budget.requests=1"],
    ["--max-tokens", "100"],
  ])("a budget that is used up ends it with exit code 3: %s %s", async (...limit) => {
    await using server = await fakeServer(saying('do(action="Scroll Down")'));
    const { status, stdout } = await run(server.url, ...limit, "Look");
    expect(stdout).toContain("stopped:");
    expect(status).toBe(3);
    expect(server.requests).toHaveLength(1);
  });

  test("Ctrl-C ends it with exit code 130, and everything is recorded", async () => {
    let asked: (() => void) | undefined;
    const asking = new Promise<void>((resolve) => (asked = resolve));
    await using server = await fakeServer(() => {
      asked!();
      return new Promise(() => {});
    });
    const site = ["--site", "storefront", "--model", `openai:m@${server.url}`, "--out", out];
    const args = [...WEBRL, "agent", "run", ...site, "Look around"];
    const ended = new Promise<number | null>((resolve) => {
      const child = execFile(process.execPath, args, () => resolve(child.exitCode));
      void asking.then(() => child.kill("SIGINT"));
    });
    expect(await ended).toBe(130);
    const journal = await linesOf<JournalLine>("journal.jsonl");
    expect(journal.slice(-2)).toMatchObject([
      { kind: "run_ended", outcome: "stopped", reason: "it was interrupted" },
      { kind: "closed" },
    ]);
    expect(await linesOf("phases/00/trajectories.jsonl")).toHaveLength(1);
    expect(await isLocked(out)).toBe(false);
  });
});

describe("what is wrong is said before anything starts, with exit code 2", () => {
  const mistake = async (...args: string[]) => mistakeOf(await webrl("agent", "run", ...args, "Look"));
  const base = ["--model", "openai:m@http://127.0.0.1:1/v1"];

  test("a site that there is not", async () => {
    expect(await mistake("--site", "storefrnt", ...base)).toContain('the nearest is "storefront"');
    expect(await mistake("--site", "http://", ...base)).toContain("is not an address");
    expect(await mistake("--site", "http://127.0.0.1:1/", ...base, "--out", out)).toContain(
      "cannot be reached",
    );
  });

  test("a model that there is not", async () => {
    expect(await mistake("--site", "storefront", "--model", "models/bse")).toContain("names no model");
  });

  test("options that mean nothing there", async () => {
    expect(await mistake("--site", "storefront", "--host", "a.test", ...base)).toContain(
      "hosts does not apply",
    );
    expect(await mistake("--site", "storefront", ...base, "--max-cost", "1")).toContain("has no price");
    expect(await mistake("--site", "http://a.test/", ...base, "--storage-state", world)).toContain(
      "cannot be read",
    );
  });

  test("a directory that holds something else, or belongs to a process", async () => {
    expect(await mistake("--site", "storefront", ...base, "--out", "models/base")).toContain("holds a run");
  });
});
