import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ConfigError, Fault } from "../core/errors.ts";
import { guard, placeOf, userError } from "./user-code.ts";

const thrownAt = (stack: string) => Object.assign(new Error("x"), { stack: `Error: x\n${stack}` });

test("the place is the first frame outside of this package, Node and dependencies", () => {
  const ours = new URL("own-tasks.ts", import.meta.url);
  expect(
    placeOf(
      thrownAt(
        [
          "    at check (node:internal/modules/esm/resolve:873:9)",
          `    at verifyOwn (${ours.href}:167:23)`,
          `    at verifyOwn (${ours.pathname}:167:23)`,
          "    at find (/project/node_modules/lib/index.js:2:3)",
          "    at Object.check (file:///project/site.ts?namespace=1a-2b:9:29)",
          "    at /project/other.ts:1:1",
        ].join("\n"),
      ),
    ),
  ).toBe("/project/site.ts:9:29");
  expect(placeOf(thrownAt("    at async C:\\\\project\\\\site.js:4:5"))).toMatch(/site\.js:4:5$/);
  const commonJs = "    at check (data:text/javascript,__filename%3D%22%2Fproject%2Fsite.ts%22%3B:2:1015)";
  expect(placeOf(thrownAt(commonJs))).toBe("/project/site.ts");
  expect(placeOf(thrownAt("    at <anonymous>"))).toBeNull();
  expect(placeOf("a text")).toBeNull();
});

test("errors of a user's function are the user's, except a fault, even one of another copy of this package", () => {
  const fails = (error: unknown) =>
    guard("words of desk.x", () => {
      throw error;
    });
  expect(fails(new TypeError("no"))).toThrow(ConfigError);
  expect(fails(new TypeError("no"))).toThrow(/^words of desk\.x threw: no/);
  expect(fails("text")).toThrow(/^words of desk\.x threw: text/);
  expect(fails(new Fault("site_down", "gone", { retryable: true }))).toThrow(Fault);
  const foreign = Object.assign(new Error("gone"), { name: "Fault", code: "site_down", retryable: true });
  expect(userError("x", foreign)).toBeInstanceOf(Fault);
  expect(userError("x", foreign)).toMatchObject({ code: "site_down", retryable: true });
  expect(userError("x", Object.assign(new Error("no"), { name: "ConfigError", hint: "Do." }))).toMatchObject({
    message: "no",
    hint: "Do.",
  });
  expect(userError("x", runInNewContext("new Error('far')"))).toBeInstanceOf(ConfigError);
});
