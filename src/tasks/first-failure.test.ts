import { expect, test } from "vitest";
import { ConfigError, Fault } from "../core/errors.ts";
import { blame } from "./first-failure.ts";

const down = () => Promise.reject(new Fault("site_down", "it answered 503", { retryable: true }));
const wrong = () => Promise.reject(new ConfigError("step 4 failed", "Correct it."));
const fine = async () => "fine";

test("what never has worked is the user's, what has worked once the world's, each part for itself", async () => {
  const part = blame("desk");
  await expect(part("page", down)).rejects.toMatchObject({
    name: "ConfigError",
    message: "desk: it answered 503",
  });
  await expect(part("login", wrong)).rejects.toThrow(ConfigError);
  expect(await part("login", fine)).toBe("fine");
  await expect(part("login", wrong)).rejects.toMatchObject({
    name: "Fault",
    code: "site_down",
    retryable: true,
    message: "desk worked before and now fails: step 4 failed",
  });
  await expect(part("page", down)).rejects.toThrow(ConfigError);
  await part("page", fine);
  await expect(part("page", down)).rejects.toMatchObject({ name: "Fault", message: "it answered 503" });
});

test("a browser that breaks is never the site's, and an abort is an abort", async () => {
  const part = blame("desk");
  const crashed = new Fault("browser_crashed", "the browser is gone", { retryable: true });
  await expect(part("page", () => Promise.reject(crashed))).rejects.toBe(crashed);
  const left = new AbortController();
  left.abort(new Error("left"));
  await expect(part("page", down, left.signal)).rejects.toThrow("left");
});

test("a page that is too slow is not the user's mistake where webrl started its server; one that is broken is", async () => {
  const late = () =>
    Promise.reject(new Fault("navigation_timeout", "it did not arrive", { retryable: true }));
  await expect(blame("desk")("page", late)).rejects.toThrow(ConfigError);
  const part = blame("desk", true);
  await expect(part("page", late)).rejects.toMatchObject({
    name: "Fault",
    code: "navigation_timeout",
    retryable: true,
    message: expect.stringMatching(/^desk: it did not arrive\. .*start\.timeoutMs/) as string,
  });
  await expect(part("page", down)).rejects.toThrow(ConfigError);
});
