import { expect, test } from "vitest";
import { openAccess } from "./access.ts";
import { readYesNo } from "./confirm.ts";
import type { ChatEvent } from "./events.ts";
import { isUnanswered, viewOf } from "./events.ts";
import { isShown, limitGuesses, namesOfLink } from "./identify.ts";
import { openTurns } from "./turns.ts";

test("only a plain yes is one", () => {
  for (const yes of ["yes", "Yes!", "ok", "yes, please", "go ahead."]) expect(readYesNo(yes)).toBe("yes");
  for (const no of ["no", "No, thanks", "stop"]) expect(readYesNo(no)).toBe("no");
  for (const other of ["yes, but only the lamp", "how much is it?", "yesterday", "not yet", "yes or no?"])
    expect(readYesNo(other)).toBeNull();
});

test("what a page shows is a whole word or the value of a field", () => {
  expect(isShown("emma@mail.test", "Contact: Emma@mail.test.", [])).toBe(true);
  expect(isShown("emma@mail.test", "", ["EMMA@mail.test "])).toBe(true);
  for (const text of ["xemma@mail.test", "emma@mail.test.org", "a.emma@mail.test", ""])
    expect(isShown("emma@mail.test", text, [])).toBe(false);
  expect(isShown("136", "Order 1361", [])).toBe(false);
  expect(isShown("", "anything", [""])).toBe(false);
});

test("a link names the customer only where all that fit say the same", () => {
  const home = new URL("http://shop.test/");
  const links = ["http://shop.test/customers/7", "http://shop.test/customers/7", "http://shop.test/orders/1"];
  expect(namesOfLink("/customers/:customer", links, home)).toEqual({ customer: "7" });
  expect(namesOfLink("/customers/:customer", [...links, "http://shop.test/customers/8"], home)).toBeNull();
  expect(namesOfLink("/customers/:customer", ["http://evil.test/customers/7"], home)).toBeNull();
});

test("guesses at one value are limited over all conversations, for an hour", () => {
  let now = 0;
  const guesses = limitGuesses(3, () => now);
  const values = { order: "1361", email: "a@b.test" };
  for (let i = 0; i < 3; i++) {
    expect(guesses.isLimited(values)).toBe(false);
    guesses.fail({ order: "1361", email: `${i}@b.test` });
  }
  expect(guesses.isLimited(values)).toBe(true);
  expect(guesses.isLimited({ order: "1362", email: "a@b.test" })).toBe(false);
  now = 3_600_001;
  expect(guesses.isLimited(values)).toBe(false);
});

test("who waits for a person lets another one work", async () => {
  const turns = openTurns(1);
  const order: string[] = [];
  let answer = () => {};
  const first = turns.take(async () => {
    order.push("first");
    await turns.leave(() => new Promise<void>((resolve) => (answer = resolve)));
    order.push("first again");
  });
  const second = turns.take(async () => {
    order.push("second");
    answer();
  });
  await Promise.all([first, second]);
  expect(order).toEqual(["first", "second", "first again"]);
});

test("others reach the service only with a key, and a key is not short", () => {
  const options = { host: "127.0.0.1", origins: [], key: undefined };
  expect(openAccess(options).isPrivate).toBe(true);
  expect(() => openAccess({ ...options, host: "0.0.0.0" })).toThrow("operators have no key");
  expect(() => openAccess({ ...options, publicUrl: "https://chat.example.com" })).toThrow(
    "operators have no key",
  );
  expect(() => openAccess({ ...options, key: "short" })).toThrow("5 characters");
  expect(() => openAccess({ ...options, origins: ["shop.example.com"] })).toThrow("is not an origin");
  expect(() => openAccess({ ...options, origins: ["https://shop.example.com/path"] })).toThrow(
    "is not an origin",
  );
});

test("an operator's cookie is signed", () => {
  const access = openAccess({ host: "127.0.0.1", origins: [], key: "0123456789abcdef" });
  expect(access.nameIn(access.sign("Kim"))).toBe("Kim");
  expect(
    access.nameIn(access.sign("Kim").replace(/^[^.]*/, Buffer.from("Ann").toString("base64url"))),
  ).toBeNull();
  for (const wrong of [undefined, "", ".", "a.b", "Kim"]) expect(access.nameIn(wrong)).toBeNull();
});

test("a conversation is what its lines say", () => {
  const time = "2026-01-01T00:00:00Z";
  const events: ChatEvent[] = [
    { n: 1, time, kind: "chat/opened", format: 1, id: "a", token: "t", origin: null },
    { n: 2, time, kind: "chat/message", from: "customer", text: "Hi" },
  ];
  expect(isUnanswered(viewOf(events))).toBe(true);
  const turn: ChatEvent = {
    n: 3,
    time,
    kind: "chat/turn",
    upTo: 2,
    outcome: "stopped",
    failed: true,
    run: null,
  };
  expect(viewOf([...events, turn])).toMatchObject({ failures: 1, answeredUpTo: 2 });
  const by: ChatEvent = { n: 3, time, kind: "chat/message", from: "person", text: "Hello", by: "Kim" };
  expect(isUnanswered(viewOf([...events, by]))).toBe(false);
});
