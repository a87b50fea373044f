import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WEBRL } from "./testing/command.ts";

const SERVER = `require("node:http").createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end(request.url === "/more" ? "<h1>More</h1>" : "<h1>Front</h1><a href=/more>Go on</a>");
}).listen(Number(process.env.PORT), "127.0.0.1")`;

test("`suite look` shows the page that a task begins with, what follows each action, and the verdict", async () => {
  const folder = await mkdtemp(join(tmpdir(), "webrl-look-"));
  try {
    await writeFile(join(folder, "server.cjs"), SERVER);
    const file = join(folder, "site.mjs");
    await writeFile(
      file,
      `export default { name: "two", baseUrl: "http://127.0.0.1:{port}",
  start: { command: "exec node server.cjs", timeoutMs: 60000 },
  tasks: [{ id: "go", instruction: "Go on.", check: [({ pageText }) => (pageText === "More" ? [] : ["not there"])] }] };`,
    );
    const { status, stdout } = spawnSync(
      process.execPath,
      [...WEBRL, "suite", "look", "--suite", "own", "--file", file],
      {
        encoding: "utf8",
        timeout: 280_000,
        input: 'do(action="Click", element="link Go on")\n\nexit(message="")\n',
      },
    );
    expect(stdout).toMatch(
      /^task: two\.go: Go on\.\n[\s\S]*Front[\s\S]*\n> do\([\s\S]*More[\s\S]*\nsuccess: true/,
    );
    expect(status).toBe(0);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 300_000);
