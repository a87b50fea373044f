import type { Browser } from "playwright-core";
import { describe, expect, it } from "vitest";
import { ConfigError, Fault } from "../core/errors.ts";
import { choosePlace, Place } from "./place.ts";
import type { RunningBrowser } from "./place.ts";

function fakeBrowser(): RunningBrowser & { connected: boolean } {
  return {
    connected: true,
    browser: {} as Browser,
    pagesCreated: new Map(),
    isConnected() {
      return this.connected;
    },
    answers: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

function place(options: Partial<ConstructorParameters<typeof Place>[0]> = {}) {
  return new Place({
    name: "a",
    weight: 1,
    max: Number.POSITIVE_INFINITY,
    start: () => Promise.resolve(fakeBrowser()),
    ...options,
  });
}

describe("choosePlace", () => {
  it("gives episodes by weight, and none to one that is full", () => {
    const [light, heavy, small] = [place(), place({ weight: 3 }), place({ weight: 9, max: 2 })];
    for (let i = 0; i < 10; i++) choosePlace([light, heavy, small])!.open++;
    expect([light.open, heavy.open, small.open]).toEqual([2, 6, 2]);
  });

  it("chooses one that rests only where no other is left, and waits for one that is full", async () => {
    const broken = place({
      start: () => Promise.reject(new Fault("browser_lost", "no", { retryable: true })),
    });
    await expect(broken.running()).rejects.toThrow("no");
    const full = place({ max: 1 });
    full.open = 1;
    expect(choosePlace([broken, place()])).not.toBe(broken);
    expect(choosePlace([broken, full])).toBeNull();
    expect(choosePlace([broken])).toBe(broken);
    expect(choosePlace([broken], new Set([broken]))).toBeNull();
  });
});

describe("a place", () => {
  it("rests longer with each failure, up to five minutes, and is as new once it runs", async () => {
    let clock = 0;
    let works = false;
    const told: string[] = [];
    const one = place({
      now: () => clock,
      start: () =>
        works
          ? Promise.resolve(fakeBrowser())
          : Promise.reject(new Fault("browser_lost", "no", { retryable: true })),
      onTrouble: (message) => told.push(message),
    });
    const rests: number[] = [];
    for (let i = 0; i < 11; i++) {
      await one.running().catch(() => {});
      rests.push(one.restUntil - clock);
    }
    expect(rests).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1000));
    await one.checkHealth();
    expect(one.launches).toBe(11);
    works = true;
    clock = one.restUntil;
    await one.checkHealth();
    expect(one.rests).toBe(false);
    expect(told.at(-1)).toBe("the browser at a is there again");
  });

  it("is joined once for all who wait, and again after its connection ended", async () => {
    const browsers = [fakeBrowser(), fakeBrowser()];
    let started = 0;
    const one = place({ start: async () => browsers[started++]! });
    const [a, b] = await Promise.all([one.running(), one.running()]);
    expect(a).toBe(b);
    browsers[0]!.connected = false;
    expect(one.connected).toBeUndefined();
    expect(one.why).toContain("the browser at a is gone");
    expect(await one.running()).toBe(browsers[1]);
  });

  it("that has worked has the world's faults, not the user's", async () => {
    let first = true;
    const browser = fakeBrowser();
    const one = place({
      start: () => {
        if (!first) return Promise.reject(new ConfigError("another version", "Do."));
        first = false;
        return Promise.resolve(browser);
      },
    });
    await one.running();
    browser.connected = false;
    await expect(one.running()).rejects.toMatchObject({
      name: "Fault",
      code: "browser_lost",
      retryable: true,
    });
    const never = place({ start: () => Promise.reject(new ConfigError("another version", "Do.")) });
    await expect(never.running()).rejects.toMatchObject({ name: "ConfigError" });
  });

  it("that does not answer is lost", async () => {
    const one = place({
      start: () => Promise.resolve({ ...fakeBrowser(), answers: () => Promise.resolve(false) }),
    });
    await one.running();
    await one.checkHealth();
    expect(one.rests).toBe(true);
  });
});
