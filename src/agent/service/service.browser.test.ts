import { describe, expect, test } from "vitest";
import { click, exit, scriptedPolicy } from "../testing/scripted-policy.ts";
import type { Conversation } from "./conversation.ts";
import { isKind, nextEvent, said, shopService } from "./testing/shop-service.ts";

/** Order 1361 is of Emma Lopez, pending, $185.95. */
const EMMA = { order: "1361", email: "emma.lopez@mail.test" };

async function identify(conversation: Conversation, values: Record<string, string> = EMMA) {
  const asked = await nextEvent(conversation, 0, isKind("chat/asked"));
  conversation.answer(asked.form, values);
  return nextEvent(conversation, asked.n, isKind("chat/checked"));
}

describe("a conversation", () => {
  test("answers from pages for anybody without asking who the customer is", async () => {
    const model = scriptedPolicy([exit("We deliver in three days.")]);
    await using shop = await shopService(model);
    const { conversation } = await shop.service.open(null);
    conversation.receive("How long does delivery take?");
    const answer = await nextEvent(conversation, 2, said("agent"));
    expect(answer).toMatchObject({ text: "We deliver in three days.", unsupported: true });
  });

  test("checks who the customer is, confirms with them, and then cancels their order", async () => {
    const model = scriptedPolicy([
      ({ observation }) =>
        observation.title.startsWith("Order 1361") ? click("button Cancel order") : exit("/identify"),
      click("button Yes, cancel order"),
      exit("Order 1361 is canceled."),
    ]);
    await using shop = await shopService(model);
    const { conversation } = await shop.service.open(null);
    conversation.receive("Please cancel my order");
    expect(await identify(conversation)).toMatchObject({ known: true, customer: { ...EMMA, customer: "1" } });
    const question = await nextEvent(conversation, 0, isKind("chat/confirm"));
    expect(question.text).toContain("Yes, cancel order");
    expect(await shop.page("/orders/1361")).toContain("Pending");
    conversation.confirm(question.question, true);
    const answer = await nextEvent(conversation, question.n, said("agent"));
    expect(answer.text).toBe("Order 1361 is canceled.");
    expect(await shop.page("/orders/1361")).toContain("Canceled");
    expect(shop.service.decisions(conversation.id)).toMatchObject([
      { decision: { granted: true, answer: { by: "the customer" } }, outcome: { outcome: "answered 302" } },
    ]);
  });
});
