import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { answers, freePort, startServer } from "./server-process.ts";

const serve = (port: number) =>
  `node -e "require('http').createServer((q,r)=>r.end('ok')).listen(${port},'127.0.0.1')"`;
const start = (command: string, port: number, timeoutMs = 20_000) =>
  startServer({ command, cwd: tmpdir(), env: {}, readyUrl: `http://127.0.0.1:${port}/`, timeoutMs });

test("a server is there once started, and gone after disposal with everything that its shell started", async () => {
  const port = await freePort();
  const server = await start(`${serve(port)} & wait`, port);
  expect(await answers(`http://127.0.0.1:${port}/`)).toBe(true);
  expect(server.running).toBe(true);
  await server[Symbol.asyncDispose]();
  expect(await answers(`http://127.0.0.1:${port}/`)).toBe(false);
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
  await expect(failed).rejects.toThrow(/did not answer within 3000 ms/);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});
