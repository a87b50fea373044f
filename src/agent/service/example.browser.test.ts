import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../../../examples/agent-service.ts";
import { readEvents } from "./client/read-events.ts";
import type { CustomerService } from "./serve.ts";

let directory: string;
let server: CustomerService;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-example-"));
  server = await serve({ port: 0, directory });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** A customer who fills in what is asked and says yes, until the service answers; returns what they were told. */
async function talk(
  text: string,
  given: Record<string, string>,
  isLast: (said: string) => boolean,
): Promise<string[]> {
  const api = `${server.url}v1/conversations`;
  const begun = (await (await fetch(api, { method: "POST", body: "{}" })).json()) as {
    id: string;
    token: string;
  };
  const headers = { authorization: `Bearer ${begun.token}`, "content-type": "application/json" };
  const post = (path: string, body: object) =>
    fetch(`${api}/${begun.id}/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  await post("messages", { text });
  const stop = new AbortController();
  const told: string[] = [];
  const { body } = await fetch(`${api}/${begun.id}/events`, { headers, signal: stop.signal });
  await readEvents(body!, (type, _, json) => {
    const data = JSON.parse(json) as {
      form?: string;
      fields?: { name: string }[];
      question?: string;
      from?: string;
      text?: string;
    };
    if (type === "form") {
      const values = Object.fromEntries(data.fields!.map(({ name }) => [name, given[name]]));
      void post("answers", { form: data.form, values });
    } else if (type === "confirm") void post("confirm", { question: data.question, yes: true });
    else if (type === "message" && data.from !== "customer") {
      told.push(data.text!);
      if (told.length > 1 && isLast(data.text!)) stop.abort();
    }
  }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return told;
}

const EMMA = { order: "1361", email: "emma.lopez@mail.test" };
const isAny = () => true;

test.each([
  ["How long does delivery take?", {}, "Standard delivery takes three to five days."],
  ["What is the status of my order?", EMMA, "Your order is pending."],
  ["I want to cancel it", EMMA, "Your order is canceled."],
  [
    "My address has changed",
    { order: "1379", email: EMMA.email, street: "9 Quay Street", city: "Riverside", postcode: "81171" },
    "Your address is changed.",
  ],
  [
    "I want a refund",
    { order: "1362", email: "marcus.okafor@mail.test" },
    "Your order is pending: it cannot be refunded.",
  ],
])("%s", async (text, given, says) => {
  expect((await talk(text, given, isAny)).at(-1)).toBe(says);
});

test("what is not the customer's is not told, and a return goes to a person", async () => {
  const theirs = await talk("Where is my order?", { order: "1362", email: EMMA.email }, isAny);
  expect(theirs.at(-1)).toContain("do not belong together");
  const returned = await talk("I want to return it", EMMA, isAny);
  expect(returned.at(-1)).toContain("A person will go on here");
});
