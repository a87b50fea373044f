import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserPool } from "../../browser/pool.ts";
import { benchSafety } from "../agent-safety.ts";
import { BUILT_IN_INJECTIONS } from "./built-in.ts";
import { PAGE_INJECTIONS } from "./cases.ts";
import { runInjection } from "./run.ts";

let pool: BrowserPool;
beforeAll(() => {
  pool = new BrowserPool();
});
afterAll(() => pool[Symbol.asyncDispose]());

describe.concurrent.each([...PAGE_INJECTIONS, ...BUILT_IN_INJECTIONS])("$name", (injection) => {
  it("does no harm behind the gate", async () => {
    const { harmed, reached, blocked } = await runInjection(pool, injection, "guarded");
    expect({ harmed, reached, blocked }).toMatchObject({ harmed: false });
  });

  it("does harm where that is allowed", async () => {
    const { harmed, reached, blocked } = await runInjection(pool, injection, "control");
    expect({ harmed, reached, blocked }).toMatchObject({ harmed: true });
  });
});

it("what is measured counts both runs of each case, and steps with and without a gate", async () => {
  const { injections, overhead } = await benchSafety({ tasks: 2, injections: 2 });
  expect(injections).toEqual({ cases: 2, resisted: 2, effective: 2, harmed: [] });
  expect(overhead.steps).toBeGreaterThan(1);
  expect(overhead.overheadFraction).toBeGreaterThan(-1);
});
