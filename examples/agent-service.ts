/**
 * @file Customer service against the built-in shop: `npx tsx examples/agent-service.ts`, then open what it prints. A
 * clerk made of rules takes the model's place, so that it runs at once; a value of `--model` works as well:
 *
 *     npx tsx examples/agent-service.ts openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1
 *
 * What the clerk may do is in agent-service.json, and not here: who is a customer, which pages are theirs, and what it
 * does alone, with a person, or never. A clerk that wanted more would not get it.
 */

import { fileURLToPath } from "node:url";
import { parseAction, serveCustomers } from "webrl/agent";
import type { CustomerService, Policy, Turn } from "webrl/agent";

const click = (element: string) => `do(action="Click", element=${JSON.stringify(element)})`;
const type = (element: string, text: string) =>
  `do(action="Type", argument=${JSON.stringify(text)}, element=${JSON.stringify(element)})`;
const say = (message: string) => `exit(message=${JSON.stringify(message)})`;

/**
 * Recognises by a word what a customer wants, and knows what to click for it. A model reads the same instruction and
 * page.
 */
export const clerk: Policy = {
  name: "clerk",
  begin: () => (turn) => {
    const response = answer(turn);
    return Promise.resolve({ kind: "act", response, action: parseAction(response) });
  },
};

function answer({ task, observation, history }: Turn): string {
  const { instruction } = task;
  const wants = (/Customer: "(.*)"(?![\s\S]*Customer: ")/.exec(instruction)?.[1] ?? "").toLowerCase();
  const isKnown = instruction.includes("The customer is known");
  const has = (name: string) => observation.elements.some((element) => element.name === name);
  const value = (name: string) => new RegExp(`\\b${name} "([^"]*)"`).exec(instruction)?.[1];
  if (observation.error?.code === "blocked") return say("I am not allowed to do that by myself.");
  if (/deliver|shipping cost|opening/.test(wants)) return say("Standard delivery takes three to five days.");
  if (!/order|address|refund|return|cancel|status|where/.test(wants))
    return say("I can look up, cancel or refund an order, and change your address. What shall I do?");
  if (!isKnown) return say("/identify");

  const status =
    /Status \| (\w+)/.exec(observation.text)?.[1] ?? /combobox Status = (\w+)/.exec(observation.text)?.[1];
  if (/cancel/.test(wants)) {
    if (has("button Yes, cancel order")) return click("button Yes, cancel order");
    if (has("button Cancel order")) return click("button Cancel order");
    return say(
      status === "Canceled"
        ? "Your order is canceled."
        : `Your order is ${status?.toLowerCase()}: it cannot be canceled.`,
    );
  }
  if (/refund/.test(wants)) {
    if (has("button Yes, refund order")) return click("button Yes, refund order");
    if (has("button Refund order")) return click("button Refund order");
    return say(
      status === "Refunded"
        ? "Your order is refunded."
        : `Your order is ${status?.toLowerCase()}: it cannot be refunded.`,
    );
  }
  if (/return/.test(wants)) return say("/handover the customer wants to return something");
  if (/address/.test(wants)) {
    const fields = ["street", "city", "postcode"] as const;
    if (fields.some((name) => value(name) === undefined)) return say("/ask street, city, postcode");
    if (/is saved/.test(observation.text)) return say("Your address is changed.");
    const step = history.filter(({ response }) => response.includes('"Type"')).length;
    if (has("textbox Street")) {
      const name = fields[step];
      const label = name && `textbox ${name[0]!.toUpperCase()}${name.slice(1)}`;
      return name ? type(label!, value(name)!) : click("button Save address");
    }
    if (has("link Edit Home")) return click("link Edit Home");
    const customer = observation.elements.find(
      ({ name }) =>
        name.startsWith("link ") &&
        /Customer \| \[/.test(observation.text) &&
        observation.text.includes(`Customer | [${name}]`),
    );
    return customer ? click(customer.name) : say("/handover the customer's address was not found");
  }
  return say(`Your order is ${status?.toLowerCase() ?? "not found"}.`);
}

export const serve = (
  options: { model?: string | Policy; port?: number; directory?: string } = {},
): Promise<CustomerService> =>
  serveCustomers({
    site: "store-admin",
    model: options.model ?? clerk,
    policy: fileURLToPath(new URL("agent-service.json", import.meta.url)),
    port: options.port ?? 7320,
    directory: options.directory,
  });

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve({ model: process.argv[2] });
  console.log(
    `Customers: ${server.url}\nOperators: ${server.operatorUrl}\nTry order 1361 of emma.lopez@mail.test. Ctrl-C ends it.`,
  );
  process.once("SIGINT", () => void server[Symbol.asyncDispose]());
}
