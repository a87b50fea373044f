import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { completion, fakeServer } from "../../chat/testing/fake-server.ts";
import { readEpisodes } from "../../imitation/demonstrations.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-server-"))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const evaluate = (model: string, ...more: string[]) =>
  webrl("eval", "--model", model, "--site", "map", "--tasks", "3", "--parallel", "1", ...more);

test("eval scores a model behind a server; a budget that is used up ends it, and the same command goes on", async () => {
  await using server = await fakeServer((c, _, { messages }) =>
    c.json(completion(messages.length > 5 ? 'exit(message="N/A")' : 'do(action="Scroll Down")')),
  );
  const out = join(directory, "eval.jsonl");
  const again = (budget: number) =>
    evaluate(`openai:a/b:c@${server.url}`, "--out", out, "--json", "--llm", `budget.requests=${budget}`);

  // Two turns before the answer: 3 requests an episode.
  const stopped = await again(4);
  expect(stopped.status).toBe(3);
  expect(stopped.stderr).toContain("the budget of 4 requests");
  expect(stopped.stderr).toContain(`1 of 3 episodes are in ${out}`);
  expect(await readEpisodes(out)).toHaveLength(1);

  const done = await again(100);
  expect(jsonOf(done)).toMatchObject({
    model: "openai:a/b:c",
    tasks: 3,
    usage: { requests: 9, promptTokens: 900, completionTokens: 90 },
    usageOfThisStart: { requests: 6 },
  });
  const records = await readEpisodes(out);
  expect(records.map(({ usage }) => usage!.requests)).toEqual([3, 3, 3]);
  expect(records.every(({ trajectory }) => trajectory.steps[0]!.observation.format === "compact")).toBe(true);
  expect(server.requests[0]!.model).toBe("a/b:c");

  const other = await evaluate(`openai:other@${server.url}`, "--out", out);
  expect(mistakeOf(other)).toContain("holds episodes of");
});

test("a wrong key ends it at once, with what to do", async () => {
  await using server = await fakeServer((c) => c.json({ error: { message: "who are you?" } }, 401));
  expect(mistakeOf(await evaluate(`openai:m@${server.url}`))).toContain("OPENAI_API_KEY");
  expect(server.requests).toHaveLength(1);
});

const { WEBRL_TEST_OPENAI_URL: url, WEBRL_TEST_OPENAI_MODEL: model = "default" } = process.env;

test.skipIf(!url)("a real server plays", { timeout: 1_200_000 }, async () => {
  const out = join(directory, "real.jsonl");
  const args = ["eval", "--model", `openai:${model}@${url}`, "--site", "map", "--tasks", "1", "--out", out];
  const limits = ["--parallel", "1", "--max-steps", "2", "--max-new-tokens", "32"];
  const slow = ["--llm", "contextTokens=3072", "--llm", "timeoutSeconds=1000"];
  const outcome = await webrl(...args.concat(limits, slow));
  expect(outcome.status).toBe(0);
  const [record] = await readEpisodes(out);
  expect(record!.trajectory.ending.kind).not.toBe("faulted");
  expect(record!.usage!.promptTokens).toBeGreaterThan(100);
  expect(record!.usage!.completionTokens).toBeGreaterThan(0);
});
