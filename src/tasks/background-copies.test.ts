import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SiteDefinition } from "../sites/define-site.ts";
import { resetCopies, runningCopies, startCopies, stopCopies } from "./background-copies.ts";
import { answers } from "./server-process.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-copies-"));
});
afterEach(async () => {
  await stopCopies(counter, directory);
  await rm(directory, { recursive: true });
});

/** Says its number and how often it was reset. */
const SERVER = `const { createServer } = require("node:http"); let resets = 0;
createServer((request, response) => { if (request.url === "/reset") resets++;
response.end(process.env.COPY + " " + resets); }).listen(Number(process.env.PORT), "127.0.0.1");`;
const counter: SiteDefinition = {
  name: "counter",
  baseUrl: "http://127.0.0.1:{port}",
  start: { command: `exec node -e '${SERVER}'`, instances: 4, timeoutMs: 60_000 },
  reset: async ({ baseUrl }) => void (await fetch(`${baseUrl}/reset`)),
  tasks: [{ id: "a", instruction: "Do it." }],
};
const said = async (url: string) => (await fetch(url)).text();

test("copies run on in the background, are reset, and are stopped by their processes", async () => {
  const copies = await startCopies(counter, directory, { copies: 2, port: 0 });
  expect(await runningCopies(directory)).toEqual([...copies].sort((a, b) => a.port - b.port));
  expect(await Promise.all(copies.map(({ baseUrl }) => said(baseUrl)))).toEqual(["0 0", "1 0"]);
  expect(await resetCopies(counter, directory)).toHaveLength(2);
  expect(await Promise.all(copies.map(({ baseUrl }) => said(baseUrl)))).toEqual(["0 1", "1 1"]);
  // One that ended by itself is forgotten, and its number is used again.
  process.kill(copies[0]!.pid, "SIGKILL");
  await expect.poll(async () => (await runningCopies(directory)).length).toBe(1);
  const [third] = await startCopies(counter, directory, { copies: 1, port: 0 });
  expect(third!.copy).toBe(0);
  expect(await stopCopies(counter, directory)).toHaveLength(2);
  expect(await Promise.all([copies[1]!, third!].map(({ baseUrl }) => answers(baseUrl)))).toEqual([
    false,
    false,
  ]);
  expect(await runningCopies(directory)).toEqual([]);
}, 60_000);

test("one that does not start says why, and nothing of it stays; without any, a reset says what to do", async () => {
  const broken: SiteDefinition = { ...counter, start: { command: "echo no licence >&2; exit 3" } };
  await expect(startCopies(broken, directory, { copies: 1, port: 0 })).rejects.toMatchObject({
    name: "ConfigError",
    hint: "Its last output:\nno licence",
  });
  expect(await runningCopies(directory)).toEqual([]);
  await expect(resetCopies(counter, directory)).rejects.toThrow(/no copy of counter runs/);
});
