import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openJournal, readJournal, unfinishedIntents } from "./journal.ts";
import type { SessionEvent } from "./journal.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-journal-"))));
afterEach(() => rm(directory, { recursive: true }));

const intent = (step: number): SessionEvent => ({
  kind: "intent",
  session: "a",
  run: null,
  step,
  url: "http://shop.test/",
  action: { kind: "wait" },
});
const effect = (step: number): SessionEvent => ({
  kind: "effect",
  session: "a",
  step,
  url: "http://shop.test/",
  title: "Shop",
  error: null,
});

test("is gone on with after a kill in the middle of a line", async () => {
  {
    await using journal = await openJournal(directory);
    journal.append(intent(0), effect(0), intent(1));
  }
  await appendFile(join(directory, "journal.jsonl"), '{"time":"2026-01-01T00:00:00Z","kind":"eff');
  await using journal = await openJournal(directory);
  expect(journal.earlier.map(({ kind }) => kind)).toEqual(["journal", "intent", "effect", "intent"]);
  expect(unfinishedIntents(journal.earlier)).toMatchObject([{ step: 1 }]);
  journal.append({ kind: "batch/item", row: 3 });
  expect((await journal.read()).at(-1)).toMatchObject({ kind: "batch/item", row: 3 });
});

test("two processes cannot write one journal", async () => {
  await using _journal = await openJournal(directory);
  await expect(openJournal(directory)).rejects.toThrow(`in use by process ${process.pid}`);
});

test.each([
  ['{"kind":"journal","format":2,"version":"9.9.9"}\n', /format 2, written by webrl 9\.9\.9/],
  ['{"kind":"stage_started"}\n', /not an agent's journal/],
])("another format is refused: %s", async (text, message) => {
  await writeFile(join(directory, "journal.jsonl"), text);
  await expect(openJournal(directory)).rejects.toThrow(message);
  // Nothing was overwritten, and nobody is locked out.
  expect(await readFile(join(directory, "journal.jsonl"), "utf8")).toBe(text);
  await expect(readJournal(directory)).rejects.toThrow(message);
  await expect(openJournal(directory)).rejects.toThrow(message);
});
