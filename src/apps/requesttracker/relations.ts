/** @file What the staff does between tickets and people: copies, links and merging. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { choose } from "../reading.ts";
import type { StateChecks } from "../state.ts";
import { MEMBERS, numberOf, TICKETS } from "./content.ts";
import type { Desk } from "./desk.ts";
import { field, save, tab } from "./hands.ts";

const numbers = TICKETS.map(numberOf);

/** Places of the fields on the page of links. */
const LINKS = { DependsOn: 1, RefersTo: 5, MergeInto: 7 };

function link(
  { becomes }: StateChecks<Desk>,
  id: string,
  kind: "DependsOn" | "RefersTo",
  phrasings: string[],
): SiteTemplate {
  return defineTemplate<{ number: number; to: number }>({
    id,
    phrasings,
    instances: numbers.flatMap((number) =>
      [3, 8, 20].map((step) => ({ number, to: 1 + ((number - 1 + step) % numbers.length) })),
    ),
    user: "nora",
    difficulty: 5,
    category: "collaboration",
    check: ({ number, to }) => [becomes(({ tickets }) => tickets[number]!.links.push(`${kind} ${to}`))],
    *oracle({ number, to }, first) {
      let page = yield* tab(first, number, "Links");
      page = yield { kind: "type", element: field(page, LINKS[kind]), text: String(to) };
      yield* save(page);
      yield exit();
    },
  });
}

/** A ticket that nobody owns yet, and an open one in the same queue from somebody else. */
const MERGES = TICKETS.filter(({ owner }) => owner === null).flatMap((ticket) =>
  TICKETS.filter(
    ({ queue, status, from }) => queue === ticket.queue && status === "open" && from !== ticket.from,
  ).map((into) => ({ number: numberOf(ticket), into: numberOf(into) })),
);

export const relations = (desk: StateChecks<Desk>): SiteTemplate[] => [
  link(desk, "depends-on", "DependsOn", [
    "Ticket {number} cannot be solved before ticket {to}. Link them so: {number} depends on {to}.",
    "Note that ticket {number} depends on ticket {to}.",
    "Make ticket {number} dependent on ticket {to}.",
  ]),
  link(desk, "refers-to", "RefersTo", [
    "Let ticket {number} refer to ticket {to}.",
    "Ticket {number} has to do with ticket {to}. Make the first one refer to the second.",
    'Add to ticket {number} a link "refers to" that leads to ticket {to}.',
  ]),
  defineTemplate<{ number: number; email: string }>({
    id: "add-cc",
    phrasings: [
      "Send {email} a copy of everything in ticket {number}: add the address as Cc.",
      "Add {email} as Cc to ticket {number}.",
      "{email} wants to follow ticket {number}. Put the address into Cc.",
    ],
    instances: numbers.flatMap((number) =>
      MEMBERS.filter(({ id }) => id !== TICKETS[number - 1]!.from)
        .slice(0, 3)
        .map(({ email }) => ({ number, email })),
    ),
    user: "nora",
    difficulty: 6,
    category: "customer service",
    check: ({ number, email }) => [desk.becomes(({ tickets }) => tickets[number]!.cc.push(email))],
    *oracle({ number, email }, first) {
      let page = yield* tab(first, number, "People");
      page = yield* choose(page, "-", "Cc");
      // After the two searches, for people and for groups.
      page = yield { kind: "type", element: field(page, 3), text: email };
      yield* save(page);
      yield exit();
    },
  }),
  defineTemplate<{ number: number; into: number }>({
    id: "merge",
    phrasings: [
      "Ticket {number} is the same matter as ticket {into}. Merge {number} into {into}.",
      "Merge ticket {number} into ticket {into}.",
      "Let there be one ticket of the two: {into}, with {number} merged into it.",
    ],
    instances: MERGES,
    user: "nora",
    difficulty: 5,
    category: "collaboration",
    check: ({ number, into }) => [desk.becomes((state) => merge(state, number, into))],
    *oracle({ number, into }, first) {
      let page = yield* tab(first, number, "Links");
      page = yield { kind: "type", element: field(page, LINKS.MergeInto), text: String(into) };
      yield* save(page);
      yield exit();
    },
  }),
];

/** Each keeps what was written into it. */
function merge({ tickets }: Desk, number: number, into: number): void {
  const [one, other] = [tickets[number]!, tickets[into]!];
  one.mergedInto = into;
  other.requestors = [...new Set([...other.requestors, ...one.requestors])].sort();
}
