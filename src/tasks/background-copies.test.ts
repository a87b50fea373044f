import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
  expect(await runningCopies(counter, directory)).toEqual([...copies].sort((a, b) => a.port - b.port));
  expect(await Promise.all(copies.map(({ baseUrl }) => said(baseUrl)))).toEqual(["0 0", "1 0"]);
  expect(await resetCopies(counter, directory)).toHaveLength(2);
  expect(await Promise.all(copies.map(({ baseUrl }) => said(baseUrl)))).toEqual(["0 1", "1 1"]);
  // One that ended by itself is forgotten, and its number is used again.
  process.kill(copies[0]!.pid, "SIGKILL");
  await expect.poll(async () => (await runningCopies(counter, directory)).length).toBe(1);
  const [third] = await startCopies(counter, directory, { copies: 1, port: 0 });
  expect(third!.copy).toBe(0);
  expect(await stopCopies(counter, directory)).toHaveLength(2);
  expect(await Promise.all([copies[1]!, third!].map(({ baseUrl }) => answers(baseUrl)))).toEqual([
    false,
    false,
  ]);
  expect(await runningCopies(counter, directory)).toEqual([]);
}, 60_000);

test("one that does not start says why, and nothing of it stays; without any, a reset says what to do", async () => {
  const broken: SiteDefinition = { ...counter, start: { command: "echo no licence >&2; exit 3" } };
  await expect(startCopies(broken, directory, { copies: 1, port: 0 })).rejects.toMatchObject({
    name: "ConfigError",
    hint: "Its last output:\nno licence",
  });
  expect(await runningCopies(counter, directory)).toEqual([]);
  await expect(resetCopies(counter, directory)).rejects.toThrow(/no copy of counter runs/);
});

test("ports that do not exist are refused before the first copy starts", async () => {
  await expect(startCopies(counter, directory, { copies: 2, port: 65_535 })).rejects.toMatchObject({
    name: "ConfigError",
    message: "2 copies from port 65535 on need ports up to 65536, and the last port is 65535",
  });
  expect(await runningCopies(counter, directory)).toEqual([]);
});

test("where a later copy does not start, those before it are stopped, and those of earlier commands run on", async () => {
  const [earlier] = await startCopies(counter, directory, { copies: 1, port: 0 });
  const picky: SiteDefinition = {
    ...counter,
    start: { ...counter.start!, command: `[ $COPY != 2 ] || exit 3; exec node -e '${SERVER}'` },
  };
  await expect(startCopies(picky, directory, { copies: 2, port: 0 })).rejects.toThrow(
    /ended before it answered/,
  );
  expect(await runningCopies(counter, directory)).toEqual([earlier]);
  expect(await answers(earlier!.baseUrl)).toBe(true);
});

test("where `start.stop` fails, the copy is ended all the same, and the failure is said", async () => {
  const failing: SiteDefinition = {
    ...counter,
    start: { ...counter.start!, stop: "echo no such cluster >&2; exit 1" },
  };
  const copies = await startCopies(failing, directory, { copies: 2, port: 0 });
  await expect(stopCopies(failing, directory)).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringMatching(/the copies were stopped, but `start.stop` failed: .*no such cluster/),
  });
  expect(await runningCopies(counter, directory)).toEqual([]);
  expect(await Promise.all(copies.map(({ baseUrl }) => answers(baseUrl)))).toEqual([false, false]);
});

test("`start.stop` runs for every copy, with its port", async () => {
  const marking: SiteDefinition = { ...counter, start: { ...counter.start!, stop: "echo > stopped-{port}" } };
  const [copy] = await startCopies(marking, directory, { copies: 1, port: 0 });
  await stopCopies(marking, directory);
  expect(existsSync(join(directory, `stopped-${copy!.port}`))).toBe(true);
});

test("a port at which anything listens is refused before the application is started", async () => {
  await using taken = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => void taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as AddressInfo;
  await expect(startCopies(counter, directory, { copies: 1, port })).rejects.toMatchObject({
    name: "ConfigError",
    message: `something listens at port ${port} already`,
  });
  expect(await runningCopies(counter, directory)).toEqual([]);
});

test("what a killed copy leaves running is ended when it is looked for; a new one starts at the same port", async () => {
  // The shell leads the group and waits for the server.
  const led: SiteDefinition = {
    ...counter,
    start: { ...counter.start!, command: `node -e '${SERVER}' & wait` },
  };
  const [copy] = await startCopies(led, directory, { copies: 1, port: 0 });
  process.kill(copy!.pid, "SIGKILL");
  await expect.poll(async () => (await runningCopies(counter, directory)).length).toBe(0);
  await expect.poll(async () => answers(copy!.baseUrl)).toBe(false);
  const [again] = await startCopies(led, directory, { copies: 1, port: copy!.port });
  expect(await said(again!.baseUrl)).toBe("0 0");
});

test("a copy that is still starting, as after the command that started it was killed, is reset when it answers", async () => {
  const slow: SiteDefinition = {
    ...counter,
    start: { ...counter.start!, command: `while [ ! -e go ]; do sleep 0.05; done; exec node -e '${SERVER}'` },
  };
  const starting = startCopies(slow, directory, { copies: 1, port: 0 });
  await expect.poll(async () => (await runningCopies(counter, directory)).length).toBe(1);
  const reset = resetCopies(slow, directory);
  await writeFile(join(directory, "go"), "");
  expect(await reset).toHaveLength(1);
  expect(await said((await starting)[0]!.baseUrl)).toBe("0 1");
});
