import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { browse } from "../../examples/agent-browse.ts";
import { askDesk } from "../../examples/agent-own-site.ts";
import { readJournal } from "./journal.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-examples-"))));
afterEach(() => rm(directory, { recursive: true, force: true }));

test("the shipped model answers in the shop, and its answers are seen on pages", async () => {
  const said: string[] = [];
  await browse((line) => said.push(line), directory);
  expect(said).toContain("$50.95, seen on http://shop.webrl.test/search?q=Alder+desk+lamp");
  expect(said.at(-1)).toBe(`The record is in ${directory}`);
});

test("an own application is started, signed in to, and never reset", async () => {
  const said: string[] = [];
  await askDesk((line) => said.push(line), directory);
  expect(said).toEqual([
    "Projector flickers in room 4: done, Tom Reyes (Requester | Tom Reyes)",
    "A ticket that there is not: gave up",
  ]);
  const outcomes = (await readJournal(directory)).filter(({ kind }) => kind === "run_ended");
  expect(outcomes).toHaveLength(2);
});
