import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { browserConfigSchema, browserInfo, launchBrowser } from "./launch.ts";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("browserInfo", () => {
  it("takes WEBRL_BROWSER, a path or an address, unless the options name a browser", async () => {
    vi.stubEnv("WEBRL_BROWSER", process.execPath);
    expect(await browserInfo()).toMatchObject({ source: "configured", location: process.execPath });
    expect(await browserInfo({ endpoints: [{ playwright: "ws://a.test/" }] })).toMatchObject({
      source: "remote",
    });
    vi.stubEnv("WEBRL_BROWSER", "http://browsers.test:9222");
    expect(await browserInfo()).toMatchObject({ source: "remote", location: "http://browsers.test:9222" });
    vi.stubEnv("WEBRL_BROWSER", "/nowhere/chrome");
    await expect(browserInfo()).rejects.toThrow("there is no browser at /nowhere/chrome");
  });

  it("takes the endpoint before all, then the configured executable", async () => {
    expect(
      await browserInfo({ endpoints: [{ playwright: "ws://browsers.test/?token=${X}" }] }),
    ).toMatchObject({
      source: "remote",
      location: "ws://browsers.test/",
    });
    expect(await browserInfo({ executable: process.execPath })).toMatchObject({ source: "configured" });
  });

  it("says what is wrong with an executable that is not there, and what to do", async () => {
    await expect(browserInfo({ executable: "/nowhere/chrome" })).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining("/nowhere/chrome") as string,
      hint: expect.stringContaining("executable") as string,
    });
  });

  it.runIf(process.platform === "linux" && process.arch === "x64")("finds the packaged browser", async () => {
    expect(await browserInfo()).toMatchObject({ source: "packaged" });
  });

  it("accepts no unknown key", () => {
    expect(browserConfigSchema.safeParse({ headless: true }).success).toBe(false);
    expect(browserConfigSchema.safeParse({ endpoints: ["ws://browsers.test"] }).success).toBe(false);
    expect(browserConfigSchema.safeParse({ locale: "not a language" }).success).toBe(false);
    expect(browserConfigSchema.parse({})).toEqual({
      endpoints: [],
      proxyHost: "127.0.0.1",
      proxyListen: null,
      headed: false,
      width: 1280,
      height: 720,
      locale: "en-US",
      timezone: "UTC",
    });
  });

  it("a window is refused where there is none, before anything starts", async () => {
    await expect(
      launchBrowser({ headed: true, endpoints: [{ playwright: "ws://browsers.test/" }] }),
    ).rejects.toThrow("the browser at ws://browsers.test/ was started elsewhere");
  });
});

describe.runIf(process.platform === "linux")("Chromium's sandbox", () => {
  it("is on for everybody but root, and a machine without one is the user's to change", async () => {
    const directory = mkdtempSync(join(tmpdir(), "webrl-sandbox-"));
    const executable = join(directory, "chrome");
    writeFileSync(
      executable,
      '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.args"\necho "FATAL: No usable sandbox!" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    vi.stubEnv("TMPDIR", directory);
    const me = process.getuid!();
    try {
      for (const uid of new Set([me === 0 ? 1000 : me, me])) {
        // The directory of the profiles has to belong to whoever starts the browser.
        mkdirSync(join(directory, `webrl-${uid}`), { mode: 0o700 });
        chownSync(join(directory, `webrl-${uid}`), uid, process.getgid!());
        vi.spyOn(process, "getuid").mockReturnValue(uid);
        await expect(launchBrowser({ executable })).rejects.toMatchObject({
          name: "ConfigError",
          hint: expect.stringContaining("apparmor_restrict_unprivileged_userns") as string,
        });
        const args = readFileSync(`${executable}.args`, "utf8").split("\n");
        expect(args.includes("--no-sandbox")).toBe(uid === 0);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
