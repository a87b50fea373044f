import { expect, test } from "vitest";
import type { Question } from "../../safety/approval.ts";
import { itemGrants } from "./grant.ts";

const question = (effect: string) => ({ intent: { effect } }) as Question;
const signal = new AbortController().signal;

test("an approved item covers one action of its kind, while it is under way", async () => {
  const grants = itemGrants(undefined);
  const ask = async (effect: string) => (await grants.approver(question(effect), signal)).approved;
  expect(await ask("publish")).toBe(false);
  const end = grants.begin("publish", "Ann");
  expect(await ask("delete")).toBe(false);
  expect(await ask("publish")).toBe(true);
  expect(await ask("publish")).toBe(false);
  grants.begin("publish", "Ann")();
  end();
  expect(await ask("publish")).toBe(false);
});

test("everything else goes to whom it went before", async () => {
  const grants = itemGrants(() => Promise.resolve({ approved: true, by: "Bob" }));
  grants.begin("publish", "Ann");
  expect(await grants.approver(question("delete"), signal)).toEqual({ approved: true, by: "Bob" });
});
