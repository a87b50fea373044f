import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { browserBlockSchema, checkEndpoints, describeAddress } from "./browser-settings.ts";

describe("the window", () => {
  it("can be as small as the one that docs/miniwob.md names", async () => {
    const page = await readFile("docs/miniwob.md", "utf8");
    const [, width, height] = /--browser width=(\d+) --browser height=(\d+)/.exec(page) ?? [];
    const window = { width: Number(width), height: Number(height) };
    expect(browserBlockSchema.parse(window)).toMatchObject({ width: 332, height: 214 });
  });
});

const check = (...endpoints: object[]) => {
  checkEndpoints(browserBlockSchema.parse({ endpoints }).endpoints);
};

describe("browser.endpoints", () => {
  it("are Playwright servers and DevTools endpoints, with keys from the environment", () => {
    const good = [
      { playwright: "wss://browsers.test/chromium?token=${BROWSER_TOKEN}&launch=fast" },
      { cdp: "http://10.0.0.7:9222", weight: 2, max: 16 },
      { cdp: "wss://${USER_NAME}:${PASSWORD}@browsers.test/devtools" },
      { playwright: "ws://${BROWSER_HOST}:3000/" },
    ];
    expect(() => check(...good)).not.toThrow();
  });

  it.each([
    [{}, "must have either playwright or cdp"],
    [{ playwright: "ws://a/", cdp: "http://a" }, "must have either playwright or cdp"],
    [{ playwright: "http://a.test:3000" }, "is not an address of a Playwright server"],
    [{ cdp: "a.test:9222" }, "is not an address of a DevTools endpoint"],
    [{ cdp: "ftp://a.test" }, "is not an address of a DevTools endpoint"],
    [{ playwright: "wss://a.test/?token=abc123" }, "contains a value of token"],
    [{ playwright: "wss://a.test/?fast=1&apiKey=abc123#x" }, "contains a value of apiKey"],
    [{ cdp: "wss://me:abc123@a.test/" }, "contains a user or a password"],
  ])("%j is refused without telling its keys", (endpoint, message) => {
    expect(() => check(endpoint)).toThrow(message);
    expect(() => check(endpoint)).not.toThrow("abc123");
  });

  it("are named once each", () => {
    expect(() => check({ cdp: "http://a.test:9222" }, { cdp: "http://a.test:9222" })).toThrow("twice");
  });

  it("are told without user, query and fragment", () => {
    expect(describeAddress("wss://me:secret@a.test/devtools?token=x#y")).toBe("wss://a.test/devtools");
  });
});
