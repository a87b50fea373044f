/** @file A policy without a model that does what the examples of `batch` and `repeat` ask for. */

import type { Action } from "../../../core/action.ts";
import type { Policy, Turn } from "../../../rollout/policy.ts";
import { parseAction, printAction } from "../../../text/action.ts";

export const clerk: Policy = {
  name: "clerk",
  begin: () => (turn) => {
    const response = printAction(next(turn));
    return Promise.resolve({ kind: "act", response, action: parseAction(response) });
  },
};

const click = (element: string): Action => ({ kind: "click", element });
const type = (element: string, text: string): Action => ({ kind: "type", element, text });

function next({ task: { instruction }, history, observation }: Turn): Action {
  const price = /^Set the price of (.+) to (.+)$/.exec(instruction);
  const status = /^Set the status of order (\d+) to (.+)$/.exec(instruction);
  const page = /^Write a page titled "(.+)" with the text "(.+)" and publish it$/.exec(instruction);
  const actions: Action[] = price
    ? [click(`link ${price[1]!}`), type("textbox Price", price[2]!), click("button Save product")]
    : page
      ? [
          type("textbox Title", page[1]!),
          type("textbox Text", page[2]!),
          click("button Save page"),
          click("button Publish page"),
        ]
      : [
          ...((history[0]?.observation ?? observation).url.includes("?q=")
            ? [click(`link Order ${status![1]!}`)]
            : []),
          { kind: "select", element: "combobox Status", text: status![2]! },
          click("button Save status"),
        ];
  return actions[history.length] ?? { kind: "exit", message: "" };
}
