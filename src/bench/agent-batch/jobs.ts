/**
 * @file The two batches that are killed: one that may be repeated, one that may not; and a policy that does what they
 * say.
 */

import type { JobInput } from "../../agent/batch/definition.ts";
import type { Policy, Turn } from "../../rollout/policy.ts";
import { parseAction, printAction } from "../../text/action.ts";
import type { Action } from "../../core/action.ts";

/** To set a price twice is to set it once. */
export const PRICES: JobInput = {
  key: "id",
  instruction: "Set the price of product {id} to {price}",
  effect: {
    open: "/products/{id}",
    values: { price: { label: "Price", as: "number", wanted: "{price}" } },
    settleSeconds: 0.5,
  },
};

/** Adding a note twice makes two notes. */
export const NOTES: JobInput = {
  key: "id",
  instruction: "Add the note {note} to order {id}",
  creates: true,
  // By its address, adding something to an order looks like ordering.
  does: "buy",
  effect: {
    open: "/orders/{id}",
    shows: "Order {id}",
    values: { note: { text: "{note}", wanted: "{note}" } },
    settleSeconds: 0.5,
  },
};

export const noteOf = (id: number): string => `Checked by hand, number ${id}`;
export const priceOf = (id: number): string => (5 + (id % 90) + (id % 100) / 100).toFixed(2);

export const shopPolicy: Policy = {
  name: "shopkeeper",
  begin: () => (turn) => {
    const response = printAction(next(turn));
    return Promise.resolve({ kind: "act", response, action: parseAction(response) });
  },
};

function next({ task: { instruction }, history }: Turn): Action {
  const price = / to (\S+)$/.exec(instruction)?.[1];
  const note = /^Add the note (.+) to order /.exec(instruction)?.[1];
  const actions: Action[] =
    note === undefined
      ? [
          { kind: "type", element: "textbox Price", text: price! },
          { kind: "click", element: "button Save product" },
        ]
      : [
          { kind: "type", element: "textbox Note", text: note },
          { kind: "click", element: "button Add note" },
        ];
  return actions[history.length] ?? { kind: "exit", message: "" };
}
