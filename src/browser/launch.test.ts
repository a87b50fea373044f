import { afterEach, describe, expect, it, vi } from "vitest";
import { browserConfigSchema, browserInfo, launchBrowser } from "./launch.ts";

afterEach(() => {
  vi.unstubAllEnvs();
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
