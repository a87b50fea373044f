import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServiceSettings } from "./policy.ts";
import { loadServicePolicy, parseServicePolicy } from "./policy.ts";
import { SHOP_POLICY } from "./testing/shop-service.ts";

const { identity, pages } = SHOP_POLICY as Required<ServiceSettings>;
const changed = (change: object) => () => parseServicePolicy({ ...SHOP_POLICY, ...change });

test("a shop's policy is valid, and one without pages is not: nothing is shown to anybody by default", () => {
  expect(parseServicePolicy(SHOP_POLICY).confirm).toContain("delete");
  expect(parseServicePolicy({ pages: { public: ["/*"] } }).safety.effects.buy).toBe("ask");
  expect(() => parseServicePolicy({})).toThrow("pages: ");
});

test("an unknown key names the nearest right one", () => {
  expect(changed({ limits: { messagePerMinute: 3 } })).toThrow(
    "there is no setting limits.messagePerMinute; the nearest is messagesPerMinute",
  );
});

describe("a policy that contradicts itself is refused with what contradicts what", () => {
  const cases: [what: string, change: object, says: string][] = [
    ["own pages without identity", { identity: undefined }, "pages.own is for known customers"],
    ["identity without own pages", { pages: { public: ["/pages/*"] } }, "no page is a customer's own"],
    [
      "a check that only wants a number to exist",
      { identity: { ...identity, ask: [identity!.ask[0]], check: [identity!.check![0]] } },
      "whoever knows a number would count as known",
    ],
    [
      "something is asked for and proves nothing",
      { identity: { ...identity, ask: [...identity!.ask, { name: "phone", label: "Phone" }] } },
      "identity asks for phone, but no check uses it",
    ],
    [
      "a check uses what nobody has given",
      {
        identity: { ...identity, check: [{ open: "/customers/{customer}", shows: ["{email}", "{order}"] }] },
      },
      "uses {customer}, which has no value by then",
    ],
    [
      "own pages of everybody",
      { pages: { ...pages, own: ["/orders/*"], home: undefined } },
      "every customer could see it",
    ],
    [
      "own pages of a name that nobody has",
      { pages: { ...pages, own: ["/orders/{id}"], home: undefined } },
      "uses {id}",
    ],
    ["a start that nobody may see", { pages: { ...pages, start: "/orders" } }, "not among pages.public"],
    [
      "a home that is not the customer's",
      { pages: { ...pages, home: "/returns/{order}" } },
      "not among pages.own",
    ],
    [
      "a public page with a customer in it",
      { pages: { ...pages, public: ["/pages/*", "/orders/{order}"] } },
      "a public page",
    ],
    [
      "two questions of one name",
      {
        questions: [
          { name: "a", label: "A" },
          { name: "a", label: "B" },
        ],
      },
      "two questions have the same name",
    ],
    [
      "a question that is part of identity",
      { questions: [{ name: "order", label: "A" }] },
      "order is both a question and a part of identity",
    ],
    ["safety itself", { safety: { actions: { allow: ["click"], deny: ["click"] } } }, "both name click"],
  ];
  test.each(cases)("%s", (_what, change, says) => {
    expect(changed(change)).toThrow(says);
  });
});

test("a file that is not there, or is not JSON, is named", async () => {
  await expect(loadServicePolicy("nowhere.json")).rejects.toThrow("the policy nowhere.json cannot be read");
  const directory = await mkdtemp(join(tmpdir(), "webrl-policy-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, "policy.json");
  await writeFile(file, "{");
  await expect(loadServicePolicy(file)).rejects.toThrow("is not JSON");
});
