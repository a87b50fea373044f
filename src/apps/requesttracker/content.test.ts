import { expect, test } from "vitest";
import { numberOf, TICKETS } from "./content.ts";

test("every ticket holds the facts that tasks ask for", () => {
  expect(new Set(TICKETS.map(({ subject }) => subject)).size).toBe(TICKETS.length);
  expect(numberOf(TICKETS[0]!)).toBe(1);
  for (const { queue, text } of TICKETS)
    expect(text).toMatch(
      {
        Loans: /card number is \d+/,
        Computers: /terminal [A-F]\d/,
        Rooms: /room \d{3}/,
        Events: /\d+ people/,
      }[queue]!,
    );
});
