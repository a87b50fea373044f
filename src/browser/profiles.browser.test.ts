import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { launchBrowser } from "./launch.ts";
import { sweepProfiles } from "./profiles.ts";

let temporary: string;
let killed: ChildProcess | undefined;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "profiles-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(async () => {
  killed?.kill("SIGKILL");
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true, force: true });
});

const root = () => join(temporary, `webrl-${process.getuid!()}`);

describe.runIf(process.platform === "linux")("browser profiles", () => {
  it("lie in a directory of their process, which a killed one leaves and the next start removes", async () => {
    const owner = (killed = spawn(
      process.execPath,
      [
        "--import",
        "tsx",
        "-e",
        `const { launchBrowser } = await import("./src/browser/launch.ts");
         await Promise.all([launchBrowser(), launchBrowser()]); console.log("ready"); setInterval(() => {}, 1000)`,
      ],
      { cwd: fileURLToPath(new URL("../..", import.meta.url)), stdio: ["ignore", "pipe", "inherit"] },
    ));
    await new Promise((resolve) => owner.stdout.once("data", resolve));
    // Everything that the process and its browsers made is there.
    const left = await readdir(root());
    expect(left).toEqual([expect.stringMatching(new RegExp(`^${owner.pid}\\.`))]);
    expect(await readdir(join(root(), left[0]!))).not.toEqual([]);
    const all = await readdir(temporary);
    expect(all.filter((name) => !name.startsWith("tsx"))).toEqual([`webrl-${process.getuid!()}`]);
    // The process is alive, so nobody touches its profiles.
    expect(await sweepProfiles()).toBe(0);
    const exited = new Promise((resolve) => owner.once("exit", resolve));
    owner.kill("SIGKILL");
    await exited;
    const browser = await launchBrowser();
    // The browsers of a killed process take a moment to end.
    const swept = async () => {
      await sweepProfiles();
      return readdir(root());
    };
    await expect
      .poll(swept, { timeout: 10_000 })
      .toEqual([expect.stringMatching(new RegExp(`^${process.pid}\\.`))]);
    expect(process.env["TMPDIR"]).toBe(temporary);
    await browser.close();
    const [own] = await readdir(root());
    await expect.poll(() => readdir(join(root(), own!))).toEqual([]);
  });

  it("of other machines, and what has no such name, are left alone", async () => {
    await mkdir(join(root(), "1.2.0badcafe"), { recursive: true });
    await mkdir(join(root(), "something"), { recursive: true });
    expect(await sweepProfiles()).toBe(0);
  });
});
