import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { releasedPrompt } from "../text/released-prompt.ts";
import { imitationSamples } from "./demonstrations.ts";
import { exportSamples } from "./export-samples.ts";
import { importSamples } from "./import-samples.ts";

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

test.each(["chat", "completion"] as const)(
  "%s samples say how their pages are written, unless in webrl; where they do not, the caller says it",
  async (format) => {
    const from = join(directory, `${format}.json`);
    await writeFile(from, JSON.stringify(released("one")));
    const formatsOf = async (path: string, given?: "aria") =>
      (await importSamples(path, given)).flatMap(({ trajectory }) =>
        trajectory.steps.map(({ observation }) => observation.format),
      );
    const compact = await importSamples(from, "compact");
    const { file } = await exportSamples(compact, {
      out: join(directory, `${format}-compact.jsonl`),
      format,
    });
    expect(await formatsOf(file)).toEqual(["compact", "compact"]);
    expect(await formatsOf(file, "aria")).toEqual(["compact", "compact"]);
    const { file: foreign } = await exportSamples(await importSamples(from), {
      out: join(directory, `${format}-webrl.jsonl`),
      format,
    });
    expect(await formatsOf(foreign)).toEqual(["webrl", "webrl"]);
    expect(await formatsOf(foreign, "aria")).toEqual(["aria", "aria"]);
    expect(await readFile(foreign, "utf8")).not.toContain("pageFormat");
  },
);

const messages = (...roles: string[]) => ({
  messages: roles.map((role) => ({ role, content: `a ${role}` })),
});
const good = released("one")[0];

test.each([
  [{ text: "x" }, "is in no known format"],
  [messages("system", "user"), "has no reply of an assistant"],
  [messages("system", "assistant"), "has a reply that follows a message of the system"],
  [
    { instruction: "Do it.", ...messages("system", "assistant") },
    "has a reply that follows a message of the system",
  ],
  [messages("assistant", "user"), "has a reply that follows nothing"],
  [messages("user", "assistant", "assistant"), "has a reply that follows a message of the assistant"],
  [{ ...good, pageFormat: "html" }, 'has pages in the format "html"'],
  [
    {
      ...good,
      conversations: [
        { from: "human", value: "Hi" },
        { from: "gpt", value: "Hello" },
      ],
    },
    "has no prompt of",
  ],
])("what is not a sample is refused with its number: %j", async (sample, why) => {
  const from = join(directory, "bad.jsonl");
  await writeFile(from, `${JSON.stringify(good)}\n${JSON.stringify(sample)}\n`);
  await expect(importSamples(from)).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining(`${from}: sample 2 ${why}`),
  });
});

test.each([
  ["empty.jsonl", "", "empty.jsonl has no samples"],
  ["lines.jsonl", "\n\n", "lines.jsonl has no samples"],
  ["empty.json", "", "empty.json has no samples"],
  ["none.json", "[]", "none.json has no samples"],
  ["object.json", "{}", "object.json contains an object, not an array of samples"],
  ["null.json", "null", "null.json contains null, not an array of samples"],
  ["text.json", '"x"', "text.json contains a string, not an array of samples"],
  ["half.json", "[{", "half.json is not JSON: "],
  ["half.jsonl", `${JSON.stringify(good)}\n{`, "half.jsonl:2 is not JSON: "],
])(
  "a file without samples is the user's to correct, and no run is spoken of: %s",
  async (name, text, message) => {
    await writeFile(join(directory, name), text);
    await expect(importSamples(join(directory, name))).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining(message),
      hint: expect.not.stringContaining("run"),
    });
  },
);

test("a directory is no file of samples", async () => {
  await expect(importSamples(directory)).rejects.toMatchObject({
    message: `${directory} is not a regular file`,
    hint: "Name a file of samples with --from.",
  });
});

test("the last line may lack its end", async () => {
  const from = join(directory, "unended.jsonl");
  await writeFile(from, JSON.stringify(good));
  expect(await importSamples(from)).toHaveLength(1);
});
