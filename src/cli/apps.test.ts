import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tiddlywiki } from "../apps/tiddlywiki/app.ts";
import { answers, freePort } from "../tasks/server-process.ts";
import { webrl } from "./testing/webrl.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "webrl-cli-apps-"));
});
afterEach(async () => {
  await webrl("apps", "stop", "tiddlywiki", "--directory", folder);
  await rm(folder, { recursive: true });
});

/** Stands where the application's own server would be. */
const SERVER = `const [, , , , , port] = process.argv; let changed = 0;
require("node:http").createServer((request, response) => {
  if (request.method !== "GET") changed++;
  request.resume();
  response.end(request.url === "/changed" ? String(changed) : "[]");
}).listen(Number(port.replace("port=", "")), "127.0.0.1");`;

async function install(): Promise<void> {
  const at = join(folder, "node_modules", "tiddlywiki");
  await mkdir(at, { recursive: true });
  await mkdir(join(folder, "prepared"));
  await writeFile(join(at, "tiddlywiki.js"), SERVER);
  const { name, revision } = tiddlywiki;
  await writeFile(join(folder, "installed.json"), JSON.stringify({ name, revision }));
}
const apps = async (what: string, ...more: string[]) =>
  webrl("apps", what, "tiddlywiki", "--directory", folder, ...more);

test("copies are started, reset and stopped by commands of their own", async () => {
  await install();
  const port = await freePort();
  const started = await apps("start", "--port", String(port), "--json");
  expect(JSON.parse(started.stdout)).toMatchObject({
    copies: [{ baseUrl: `http://127.0.0.1:${port}`, copy: 0 }],
  });
  const reset = await apps("reset");
  expect([reset.status, reset.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^http://127.0.0.1:${port} reset in \\d+ ms\\n$`)),
  ]);
  expect(Number(await (await fetch(`http://127.0.0.1:${port}/changed`)).text())).toBeGreaterThan(0);
  const taken = await apps("start", "--port", String(port));
  expect([taken.status, taken.stderr]).toEqual([2, expect.stringContaining(`at port ${port} already`)]);
  expect((await apps("stop")).stdout).toBe(`http://127.0.0.1:${port} stopped\n`);
  expect(await answers(`http://127.0.0.1:${port}`)).toBe(false);
  expect((await apps("stop")).stdout).toBe("none was running\n");
}, 180_000);

test("what cannot be done is the user's to correct: exit code 2, with what to do", async () => {
  const absent = await apps("start");
  expect([absent.status, absent.stderr]).toEqual([
    2,
    expect.stringContaining(`Run \`webrl apps install tiddlywiki --directory ${folder}\``),
  ]);
  const idle = await apps("reset");
  expect([idle.status, idle.stderr]).toEqual([
    2,
    expect.stringContaining("Run `webrl apps start tiddlywiki`"),
  ]);
  const unknown = await webrl("apps", "start", "tidlywiki");
  expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining("the nearest is tiddlywiki")]);
});

test("the list tells of every application what it is and what it still needs", async () => {
  const { status, stdout } = await webrl("apps", "list", "--json");
  expect(status).toBe(0);
  const { apps: rows } = JSON.parse(stdout) as { apps: { name: string; state: string; missing: string[] }[] };
  expect(rows.find(({ name }) => name === "tiddlywiki")).toMatchObject({ missing: [] });
});
