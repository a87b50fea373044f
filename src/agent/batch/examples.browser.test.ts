import { expect, test } from "vitest";
import { runShop } from "../../../examples/agent-batch.ts";
import { runContent } from "../../../examples/agent-content.ts";
import { runRepeat } from "../../../examples/agent-repeat.ts";
import type { Action } from "../../core/action.ts";
import type { Policy, Turn } from "../../rollout/policy.ts";
import { parseAction, printAction } from "../../text/action.ts";

/** Does what the examples ask for. */
const clerk: Policy = {
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

test("prices and order states", async () => {
  const said: string[] = [];
  const [dry, changed, undone, states] = await runShop(clerk, (text) => said.push(text));
  const of = (result: typeof dry) =>
    Object.fromEntries(result!.items.map(({ key, status }) => [key, status]));
  expect(of(dry)).toEqual({ "Alder desk lamp": "planned", "Alder table lamp": "planned" });
  expect(of(changed)).toEqual({ "Alder desk lamp": "done", "Alder table lamp": "refused" });
  expect(of(undone)).toEqual({ "Alder desk lamp": "done" });
  expect(undone!.items[0]!.after).toEqual({ price: "$50.95" });
  expect(of(states)).toEqual({ "1399": "done", "1400": "done" });
  expect(said).toContain('  line 3: broken, price shall be "one hundred", which is no number');
});

test("pages that are written and published", async () => {
  const { counts, items } = await runContent(clerk, () => {});
  for (const { reason } of items) expect(reason).toContain("status not there -> Published");
  expect(counts).toMatchObject({ done: 2 });
});

test("a task that is done again with another value", async () => {
  expect(await runRepeat(clerk, () => {})).toMatchObject({ outcome: "done", same: true, byModel: 0 });
});
