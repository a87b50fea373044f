import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { answers, freePort, runCommand, startServer } from "./server-process.ts";

const serve = (port: number) =>
  `node -e "require('http').createServer((q,r)=>r.end('ok')).listen(${port},'127.0.0.1')"`;
const start = (command: string, port: number, timeoutMs = 20_000) =>
  startServer({ command, cwd: tmpdir(), env: {}, readyUrl: `http://127.0.0.1:${port}/`, timeoutMs });

test("a server is there once started, and gone after disposal with everything that its shell started", async () => {
  const port = await freePort();
  const server = await start(`${serve(port)} & wait`, port);
  expect(await answers(`http://127.0.0.1:${port}/`)).toBe(true);
  expect(await server.isRunning()).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(await answers(`http://127.0.0.1:${port}/`)).toBe(false);
});

test("a server is gone as soon as it is killed, though its command lives on", async () => {
  const port = await freePort();
  const server = await start(`${serve(port)} & echo $! > server-${port}.pid; wait; sleep 60`, port);
  const file = join(tmpdir(), `server-${port}.pid`);
  try {
    expect(await server.isRunning()).toBe(true);
    process.kill(Number(await readFile(file, "utf8")), "SIGKILL");
    expect(await server.isRunning()).toBe(false);
  } finally {
    await server[Symbol.asyncDispose]();
    await rm(file, { force: true });
  }
});

test("a server that is busy or answers with errors is there", async () => {
  const port = await freePort();
  const script = `let n = 0; require('http').createServer((q, r) => { if (n++ === 0) return r.end('ok'); if (n === 2) { r.statusCode = 503; r.end(); } }).listen(${port}, '127.0.0.1')`;
  const server = await start(`node -e "${script}"`, port);
  expect(await server.isRunning()).toBe(true);
  expect(await server.isRunning()).toBe(true);
  await server[Symbol.asyncDispose]();
});

test("a command that ends too early says so, with its output", async () => {
  const port = await freePort();
  const failed = start(`node -e "console.error('no database'); process.exit(3)"`, port);
  await expect(failed).rejects.toThrow(ConfigError);
  await expect(failed).rejects.toMatchObject({ hint: expect.stringContaining("no database") as string });
});

test("a server that never becomes ready is stopped", async () => {
  const port = await freePort();
  const command = `node -e "require('http').createServer((q,r)=>{r.statusCode=503;r.end()}).listen(${port},'127.0.0.1')"`;
  const url = `http://127.0.0.1:${port}/`;
  const failed = start(command, port, 3000);
  await expect.poll(async () => (await fetch(url)).status, { timeout: 3000 }).toBe(503);
  await expect(failed).rejects.toThrow(/did not answer within 3 s/);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("a command that is waited for ends with all that it started when its time is up, and says why it failed", async () => {
  const port = await freePort();
  const run = (command: string, timeoutMs = 20_000) =>
    runCommand({ command, cwd: tmpdir(), env: {}, timeoutMs });
  await run("exit 0");
  await expect(run("echo no database; exit 3")).rejects.toThrow(
    "it ended with 3. Its last output: no database",
  );
  await expect(run(`${serve(port)} & wait`, 1500)).rejects.toThrow("nothing within 1.5 s");
  await expect.poll(() => answers(`http://127.0.0.1:${port}/`)).toBe(false);
});

test.runIf(process.platform !== "win32")(
  "a command may leave its server behind in its process group; both end with the disposal",
  async () => {
    const port = await freePort();
    const server = await start(`${serve(port)} & exit 0`, port);
    await expect.poll(() => server.isRunning()).toBe(true);
    await server[Symbol.asyncDispose]();
    expect(await answers(`http://127.0.0.1:${port}/`)).toBe(false);
    expect(await server.isRunning()).toBe(false);
  },
);

test.runIf(process.platform !== "win32")(
  "a server ends with this process even if that is killed, with what its shell started",
  async () => {
    const ports = [await freePort(), await freePort()];
    const owner = spawn(process.execPath, ["--import", "tsx", "-e", OWNER, ...ports.map(String)], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => owner.stdout.once("data", resolve));
    for (const port of ports) expect(await answers(`http://127.0.0.1:${port}/`)).toBe(true);
    owner.kill("SIGKILL");
    for (const port of ports)
      await expect.poll(() => answers(`http://127.0.0.1:${port}/`), { timeout: 10_000 }).toBe(false);
  },
);

test.runIf(process.platform !== "win32")(
  "what a command left in a group of its own is ended by its stop, also where this process ends at once",
  async () => {
    const port = await freePort();
    const owner = spawn(process.execPath, ["--import", "tsx", "-e", LEAVER, String(port)], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => owner.once("exit", resolve));
    await expect.poll(() => answers(`http://127.0.0.1:${port}/`), { timeout: 10_000 }).toBe(false);
  },
);

test.runIf(process.platform === "linux")(
  "what leaves the group before its stop can find it ends with the disposal, and with this process if that is killed",
  async () => {
    const away = (port: number) => `setsid ${serve(port)} & exit 0`;
    const port = await freePort();
    const server = await start(away(port), port);
    await server[Symbol.asyncDispose]();
    expect(await answers(`http://127.0.0.1:${port}/`)).toBe(false);
    const ports = [await freePort(), await freePort()];
    const owner = spawn(
      process.execPath,
      ["--import", "tsx", "-e", AWAY, ...ports.flatMap((p) => [`${p}`, away(p)])],
      {
        cwd: fileURLToPath(new URL("../..", import.meta.url)),
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    await new Promise((resolve) => owner.stdout.once("data", resolve));
    owner.kill("SIGKILL");
    for (const each of ports)
      await expect.poll(() => answers(`http://127.0.0.1:${each}/`), { timeout: 10_000 }).toBe(false);
  },
);

/** Two servers: one that says how it is stopped, in a file that is not there yet, and one that does not say so. */
const AWAY = `
  const { startServer } = await import("./src/tasks/server-process.ts");
  const [a, first, b, second] = process.argv.slice(1);
  for (const [port, command, stop] of [[a, first, { stop: "kill $(cat not-yet)" }], [b, second, {}]])
    await startServer({ command, ...stop, cwd: ".", env: {}, readyUrl: "http://127.0.0.1:" + port + "/", timeoutMs: 20000 });
  console.log("ready");
  setInterval(() => {}, 1000);
`;

const LEAVER = `
  const { startServer } = await import("./src/tasks/server-process.ts");
  const { tmpdir } = await import("node:os");
  const [port] = process.argv.slice(1);
  const file = tmpdir() + "/webrl-leaver-" + port;
  const JS = "require('http').createServer((q, r) => r.end('ok')).listen(" + port + ", '127.0.0.1')";
  // As Dovecot and PostgreSQL do: it leaves the group, and says where it is found.
  const command = "setsid sh -c 'echo $$ > " + file + "; exec node -e \\"$JS\\"' & wait";
  const stop = "kill $(cat " + file + "); rm " + file;
  const readyUrl = "http://127.0.0.1:" + port + "/";
  await startServer({ command, stop, cwd: ".", env: { JS }, readyUrl, timeoutMs: 60000 });
  process.exit(0);
`;

const OWNER = `
  const { startServer } = await import("./src/tasks/server-process.ts");
  const serve = (port) => \`node -e "require('http').createServer((q,r)=>r.end('ok')).listen(\${port},'127.0.0.1')"\`;
  const [a, b] = process.argv.slice(1);
  // One whose shell stays, one whose shell has gone; the second one does not listen to reason.
  const deaf = \`node -e "process.on('SIGTERM',()=>{});require('http').createServer((q,r)=>r.end('ok')).listen(\${b},'127.0.0.1')"\`;
  for (const [port, command] of [[a, serve(a) + " & wait"], [b, deaf + " & exit 0"]])
    await startServer({ command, cwd: ".", env: {}, readyUrl: "http://127.0.0.1:" + port + "/", timeoutMs: 20000 });
  console.log("ready");
  setInterval(() => {}, 1000);
`;
