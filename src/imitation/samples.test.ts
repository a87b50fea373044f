import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { releasedPrompt } from "../text/released-prompt.ts";
import { imitationSamples } from "./demonstrations.ts";
import { exportSamples, importSamples } from "./samples.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-samples-"));
});
afterAll(async () => rm(directory, { recursive: true }));

const REPLIES = ['do(action="Click", element="3")', 'exit(message="5")'];
const released = (instruction: string) =>
  REPLIES.map((response, i) => ({
    conversations: [
      {
        from: "human",
        value: releasedPrompt({
          instruction,
          history: REPLIES.slice(0, i).map((reply) => ({ response: reply })),
          observation: `<html> page ${i} </html>`,
        }),
      },
      { from: "gpt", value: response },
    ],
  }));

test("the released data becomes episodes, round by round; exported again it is the same", async () => {
  const from = join(directory, "sft.json");
  const given = [...released("one"), ...released("two")];
  await writeFile(from, JSON.stringify(given));
  const records = await importSamples(from);
  expect(records.map(({ trajectory }) => [trajectory.task.instruction, trajectory.steps.length])).toEqual([
    ["one", 2],
    ["two", 2],
  ]);
  const { samples, episodes } = await exportSamples(records, {
    out: join(directory, "again.jsonl"),
    format: "completion",
  });
  expect([samples, episodes]).toEqual([4, 2]);
  const lines = (await readFile(join(directory, "again.jsonl"), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(given);
});

test("a sample from the middle has its past as history that is not imitated", async () => {
  const from = join(directory, "middle.jsonl");
  await writeFile(from, `${JSON.stringify(released("one")[1])}\n`);
  const records = await importSamples(from);
  expect(imitationSamples(records)).toMatchObject([
    { history: [{ response: REPLIES[0] }], response: REPLIES[1] },
  ]);
});

test("chat samples keep task, pages and replies; a data set folder says where its lines are", async () => {
  const from = join(directory, "one.json");
  await writeFile(from, JSON.stringify(released("one")));
  const records = await importSamples(from);
  const out = join(directory, "dataset");
  const { file } = await exportSamples(records, { out, format: "chat" });
  expect(await readFile(join(out, "README.md"), "utf8")).toContain("path: data/train.jsonl");
  const again = imitationSamples(await importSamples(file));
  const of = ({ instruction, history, observation, response }: (typeof again)[number]) => ({
    instruction,
    history,
    observation,
    response,
  });
  expect(again.map(of)).toEqual(imitationSamples(records).map(of));
  await expect(exportSamples(records, { out, format: "chat" })).rejects.toThrow(/exists already/);
});

test("what is not a sample is named", async () => {
  const from = join(directory, "bad.jsonl");
  await writeFile(from, `${JSON.stringify(released("one")[0])}\n{"text":"x"}\n`);
  await expect(importSamples(from)).rejects.toThrow(/sample 2 is in no known format/);
});
