/**
 * @file Browsers elsewhere, for tests: a Playwright server and a DevTools endpoint on loopback, each with a process to
 * kill.
 */

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { browserInfo, launchBrowser, switches } from "../launch.ts";

export interface BrowserServer extends AsyncDisposable {
  readonly address: string;
  readonly pid: number;
}

async function executable(): Promise<string> {
  // Unpacks the packaged browser if that was never done.
  if (!(await browserInfo()).unpacked) await (await launchBrowser()).close();
  return (await browserInfo()).location;
}

export async function playwrightServer(): Promise<BrowserServer> {
  const server = await chromium.launchServer({
    executablePath: await executable(),
    args: switches("127.0.0.1"),
    proxy: { server: "http://127.0.0.1:9" },
    host: "127.0.0.1",
  });
  return {
    address: server.wsEndpoint(),
    pid: server.process().pid!,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export async function devToolsServer(): Promise<BrowserServer> {
  const profile = await mkdtemp(join(tmpdir(), "webrl-cdp-"));
  const child = spawn(
    await executable(),
    ["--headless", "--remote-debugging-port=0", `--user-data-dir=${profile}`, ...switches("127.0.0.1")],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(said);
      if (found) resolve(found[1]!);
    });
    child.once("exit", () => reject(new Error(`the browser did not start: ${said}`)));
  });
  return {
    address: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
