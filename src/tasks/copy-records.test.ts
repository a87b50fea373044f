import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SiteDefinition } from "../sites/define-site.ts";
import { startCopies } from "./background-copies.ts";
import { findCopies, keepRecords } from "./copy-records.ts";
import { closeInstance, openInstance } from "./own-instance.ts";
import { answers, freePort } from "./server-process.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-records-"));
});
afterEach(async () => rm(directory, { recursive: true }));

const SERVER = `require("node:http").createServer((_, response) => response.end("ok")).listen(Number(process.env.PORT), "127.0.0.1")`;
/** A shell that leads the group and waits for its server, as one with workers does. */
const START = `mkdir -p copies/{port} && { node -e '${SERVER}' & wait; }`;
const site: SiteDefinition = {
  name: "notes",
  baseUrl: "http://127.0.0.1:{port}",
  start: { command: START, stop: "echo > stopped-{port}", timeoutMs: 60_000 },
  tasks: [{ id: "a", instruction: "Do it." }],
};
const contentOf = (port: number) => join(directory, "copies", String(port));

test("a suite's copy has a record while it runs; with it, its content goes", async () => {
  const instance = await openInstance(site, directory, 0, undefined, {
    keeper: keepRecords(site, directory),
  });
  const [record] = await findCopies(site, directory);
  expect(record).toMatchObject({ port: instance.port, copy: 0, suite: { pid: process.pid } });
  expect(existsSync(contentOf(instance.port))).toBe(true);
  await closeInstance(instance);
  expect(await findCopies(site, directory)).toEqual([]);
  expect(existsSync(contentOf(instance.port))).toBe(false);
});

test("a copy that does not start leaves neither record nor content", async () => {
  const broken = { ...site, start: { ...site.start!, command: "mkdir -p copies/{port}; exit 3" } };
  await expect(
    openInstance(broken, directory, 0, undefined, { keeper: keepRecords(broken, directory) }),
  ).rejects.toThrow(/ended before/);
  expect(await findCopies(broken, directory)).toEqual([]);
});

test("a damaged record is removed, and nobody fails because of it", async () => {
  await mkdir(join(directory, "running"));
  const damaged = ["", "{", "7", '{"pid":1}'].map((text, i) => [
    join(directory, "running", `900${i}.json`),
    text,
  ]);
  for (const [file, text] of damaged) await writeFile(file!, text!);
  expect(await findCopies(site, directory)).toEqual([]);
  expect(damaged.map(([file]) => existsSync(file!))).toEqual([false, false, false, false]);
});

test("a record that goes while records are read is the record of nobody", async () => {
  await mkdir(join(directory, "running"));
  // The folder names it, and there is nothing to read.
  const link = join(directory, "running", "9001.json");
  await symlink(join(directory, "gone"), link);
  expect(await findCopies(site, directory)).toEqual([]);
});

/** A process that has ended may stay in the table until somebody asks for its status. */
const isRunning = (pid: number): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));

test("a folder that cannot be written to is the user's to know, and the copy does not run on", async () => {
  await symlink("/nowhere/at/all", join(directory, "running"));
  await expect(
    openInstance(site, directory, 0, undefined, { keeper: keepRecords(site, directory) }),
  ).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining(
      `${directory}, where the application keeps its copies, cannot be written to`,
    ),
  });
});

const OWNER = `
  const { openInstance } = await import("./src/tasks/own-instance.ts");
  const { keepRecords } = await import("./src/tasks/copy-records.ts");
  const [directory, site] = process.argv.slice(1);
  const definition = JSON.parse(site);
  const { port } = await openInstance(definition, directory, 0, undefined, { keeper: keepRecords(definition, directory) });
  console.log(port);
  setInterval(() => {}, 1000);
`;

/** A process with a copy, and the copy's port. */
async function startOwner() {
  const owner = spawn(process.execPath, ["--import", "tsx", "-e", OWNER, directory, JSON.stringify(site)], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { owner, port: Number(String(await new Promise((resolve) => owner.stdout.once("data", resolve)))) };
}

async function kill(owner: ChildProcess): Promise<void> {
  owner.kill("SIGKILL");
  await new Promise((resolve) => owner.once("exit", resolve));
}

test.runIf(process.platform === "linux")(
  "two processes use one folder at once; where one is killed, the other's copies and content stay",
  async () => {
    const [first, second] = await Promise.all([startOwner(), startOwner()]);
    const owners = new Map((await findCopies(site, directory)).map(({ port, suite }) => [port, suite?.pid]));
    expect(owners).toEqual(
      new Map([
        [first.port, first.owner.pid],
        [second.port, second.owner.pid],
      ]),
    );
    await kill(first.owner);
    expect((await findCopies(site, directory)).map(({ port }) => port)).toEqual([second.port]);
    expect(await answers(`http://127.0.0.1:${first.port}/`)).toBe(false);
    expect(await answers(`http://127.0.0.1:${second.port}/`)).toBe(true);
    expect([first, second].map(({ port }) => existsSync(contentOf(port)))).toEqual([false, true]);
    await kill(second.owner);
    expect(await findCopies(site, directory)).toEqual([]);
  },
  120_000,
);

test.runIf(process.platform === "linux")(
  "what a killed process left running is ended by the next one that looks, with all that it left in other groups",
  async () => {
    const { owner, port } = await startOwner();
    const [record] = await findCopies(site, directory);
    // The guard would end it, but cannot: the whole group is stopped until the guard has had its chance.
    process.kill(-record!.pid, "SIGSTOP");
    await kill(owner);
    expect(await findCopies(site, directory)).toEqual([]);
    await expect.poll(() => isRunning(record!.pid)).toBe(false);
    expect(existsSync(join(directory, `stopped-${port}`))).toBe(true);
    expect(existsSync(contentOf(port))).toBe(false);
  },
  120_000,
);

test.runIf(process.platform === "linux")(
  "a copy in the background whose leader was killed is ended with all that it started, its own stop and its content",
  async () => {
    // Its server is in a group of its own, and its stop command does not find that group.
    const away = { ...site, start: { ...site.start!, command: START.replace("node", "setsid node") } };
    const [copy] = await startCopies(away, directory, { copies: 1, port: 0 });
    process.kill(copy!.pid, "SIGKILL");
    await expect.poll(async () => findCopies(site, directory)).toEqual([]);
    expect(await answers(copy!.baseUrl)).toBe(false);
    expect(existsSync(join(directory, `stopped-${copy!.port}`))).toBe(true);
    expect(existsSync(contentOf(copy!.port))).toBe(false);
  },
);

test("content without a record is removed once it is old, unless something listens there", async () => {
  const [instance, gone, fresh] = [
    await openInstance(site, directory, 0, undefined),
    await freePort(),
    await freePort(),
  ];
  for (const port of [gone, fresh]) {
    await mkdir(contentOf(port), { recursive: true });
    await writeFile(join(contentOf(port), "notes"), "");
  }
  for (const port of [gone, instance.port]) await utimes(contentOf(port), 1, 1);
  await findCopies(site, directory);
  expect([gone, fresh, instance.port].map((port) => existsSync(contentOf(port)))).toEqual([
    false,
    true,
    true,
  ]);
  await closeInstance(instance);
});
