import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { loadPolicy, parsePolicy } from "./policy.ts";
import type { SafetySettings } from "./policy.ts";

const directories: string[] = [];
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

function complaint(settings: unknown): string {
  try {
    parsePolicy(settings);
    return "";
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return `${error.message} ${error.hint}`;
  }
}

it("an empty policy asks before everything that cannot be taken back, and allows the rest", () => {
  const { effects, limits } = parsePolicy({});
  expect(effects).toEqual({
    buy: "ask",
    pay: "ask",
    send: "ask",
    publish: "ask",
    delete: "ask",
    sign: "ask",
    change: "allow",
    message: "allow",
  });
  expect(limits.over).toBe("deny");
});

it.each<[SafetySettings | object, RegExp]>([
  [{ efects: {} }, /no setting efects; the nearest is effects/],
  [{ effects: { buys: "ask" } }, /no setting effects.buys; the nearest is buy/],
  [{ effects: { buy: "maybe" } }, /effects.buy/],
  [{ actions: { allow: ["click", "type"], deny: ["type"] } }, /both name type.*Remove type from one/],
  [{ hosts: ["http://a.example"] }, /hosts.0: must be a host/],
  [
    { limits: { amountPerAction: 100, amountPerRun: 50 } },
    /amountPerAction is 100, but limits.amountPerRun is only 50/,
  ],
  [{ limits: { amountPerRun: 100, amountPerDay: 50 } }, /amountPerRun is 100/],
  [{ limits: { amountPerAction: 100, amountPerDay: 50 } }, /amountPerAction is 100/],
  [{ limits: { countPerRun: { buy: 3 }, countPerDay: { buy: 2 } } }, /countPerRun.buy is 3/],
  [
    { effects: { buy: "allow" }, limits: { countPerRun: { buy: 0 } } },
    /buy is allowed, but the limits allow none/,
  ],
  [
    {
      rules: [
        { name: "all", verdict: "deny" },
        { name: "late", effects: ["buy"], verdict: "allow" },
      ],
    },
    /rules.1 \(late\) is never reached: the earlier rule all/,
  ],
  [
    {
      rules: [
        { name: "a", effects: ["buy"], verdict: "deny" },
        { name: "a", effects: ["pay"], verdict: "deny" },
      ],
    },
    /two rules are called a/,
  ],
  [
    { hosts: ["a.example"], rules: [{ name: "b", hosts: ["b.example"], verdict: "allow" }] },
    /names the host b.example, which is not one of hosts/,
  ],
  [
    { limits: { amountPerAction: 10 }, rules: [{ name: "small", amountUpTo: 50, verdict: "allow" }] },
    /allows up to 50, but limits.amountPerAction is 10/,
  ],
  [{ secrets: { A: { hosts: ["a.example"] } } }, /neither env nor file/],
  [{ secrets: { A: { env: "A", file: "a", hosts: ["a.example"] } } }, /both env and file/],
  [
    { hosts: ["a.example"], secrets: { A: { env: "A", hosts: ["b.example"] } } },
    /secrets.A is for b.example/,
  ],
])("a policy that is wrong is refused with what to change: %j", (settings, message) => {
  expect(complaint(settings)).toMatch(message);
});

it.each<SafetySettings>([
  { hosts: ["*.shop.example"], secrets: { A: { env: "A", hosts: ["pay.shop.example"] } } },
  {
    rules: [
      { name: "small", amountUpTo: 20, effects: ["buy"], verdict: "allow" },
      { name: "rest", effects: ["buy"], verdict: "deny" },
    ],
  },
  { effects: { buy: "deny" }, limits: { countPerRun: { buy: 0 } } },
])("a policy that means something is taken: %j", (settings) => {
  expect(complaint(settings)).toBe("");
});

it("a policy comes from a file, and says so where it cannot", async () => {
  const directory = await mkdtemp(join(tmpdir(), "policy-"));
  directories.push(directory);
  const file = join(directory, "policy.json");
  await writeFile(file, JSON.stringify({ secrets: { A: { file: "a.txt", hosts: ["a.example"] } } }));
  expect((await loadPolicy(file)).secrets["A"]?.file).toBe(join(directory, "a.txt"));
  await writeFile(file, "{");
  await expect(loadPolicy(file)).rejects.toThrow(/is not JSON/);
  await expect(loadPolicy(join(directory, "none.json"))).rejects.toThrow(/cannot be read/);
});
