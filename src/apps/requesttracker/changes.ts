/** @file What the staff does with tickets. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit, type } from "../../sites/hands.ts";
import { choose } from "../reading.ts";
import type { StateChecks } from "../state.ts";
import { BRANCHES, LEVELS, numberOf, QUEUES, STAFF, TICKETS } from "./content.ts";
import type { Level, Staff, Status, Ticket } from "./content.ts";
import type { Desk, TicketState } from "./desk.ts";
import { field, MESSAGE, save, tab, write } from "./hands.ts";

const of = (number: number): Ticket => TICKETS[number - 1]!;
const numbers = (which: (ticket: Ticket) => boolean = () => true) => TICKETS.filter(which).map(numberOf);
const isActive = ({ status }: Ticket) => status !== "resolved";
/** How the pages write who owns a ticket. */
const ownerShown = (id: string | null): string => {
  const staff = STAFF.find((each) => each.id === id);
  return staff ? shown(staff) : "Nobody in particular";
};
const shown = ({ id, name }: Staff) => `${id} (${name})`;
/** Every value but the one that is there. */
const others = <T>(all: readonly T[], one: T): T[] => all.filter((each) => each !== one);

/** A list on the ticket's page of basics, set to another value. */
function setBasic<V extends string>(
  { becomes }: StateChecks<Desk>,
  id: string,
  phrasings: string[],
  {
    values,
    now,
    label = (value) => value,
    change,
  }: {
    values: readonly V[];
    now: (ticket: Ticket) => V;
    label?: (value: V) => string;
    change: (ticket: TicketState, value: V) => void;
  },
): SiteTemplate {
  return defineTemplate<{ number: number; value: V }>({
    id,
    phrasings,
    instances: numbers().flatMap((number) =>
      others(values, now(of(number))).map((value) => ({ number, value })),
    ),
    user: "nora",
    difficulty: 5,
    category: "customer service",
    check: ({ number, value }) => [becomes(({ tickets }) => change(tickets[number]!, value))],
    *oracle({ number, value }, first) {
      let page = yield* tab(first, number, "Basics");
      page = yield* choose(page, label(now(of(number))), value);
      yield* save(page);
      yield exit();
    },
  });
}

const basics = (desk: StateChecks<Desk>): SiteTemplate[] => [
  setBasic<Status>(
    desk,
    "status",
    [
      "Set the status of ticket {number} to {value}.",
      "Ticket {number} must have the status {value} from now on.",
      "Change ticket {number} to {value}, without writing anything into it.",
    ],
    {
      values: ["new", "open", "stalled", "resolved"],
      now: ({ status }) => status,
      label: (value) => `${value} (Unchanged)`,
      change: (ticket, value) => (ticket.status = value),
    },
  ),
  setBasic<Level>(
    desk,
    "set-priority",
    [
      "Give ticket {number} the priority {value}.",
      "The priority of ticket {number} is wrong. Make it {value}.",
      "Set ticket {number} to {value} priority.",
    ],
    {
      values: ["Low", "Medium", "High"],
      now: ({ level }) => level,
      change: (ticket, value) => (ticket.priority = LEVELS[value]),
    },
  ),
  setBasic(
    desk,
    "move",
    [
      "Move ticket {number} to the queue {value}.",
      "Ticket {number} is in the wrong queue. It belongs to {value}.",
      "Let the queue {value} have ticket {number}.",
    ],
    {
      values: Object.keys(QUEUES),
      now: ({ queue }) => queue,
      change: (ticket, value) => (ticket.queue = value),
    },
  ),
  setBasic(
    desk,
    "set-branch",
    [
      "Note in ticket {number} that it is about the branch {value}.",
      "Set the branch of ticket {number} to {value}.",
      "Ticket {number} has the wrong branch. It happened at {value}.",
    ],
    { values: BRANCHES, now: ({ branch }) => branch, change: (ticket, value) => (ticket.branch = value) },
  ),
  defineTemplate<{ number: number; name: string }>({
    id: "assign",
    phrasings: [
      "Assign ticket {number} to {name}.",
      "{name} takes care of ticket {number} from now on. Make {name} its owner.",
      "Give ticket {number} to {name}.",
    ],
    instances: numbers().flatMap((number) =>
      STAFF.filter(({ id }) => id !== of(number).owner).map(({ name }) => ({ number, name })),
    ),
    user: "nora",
    difficulty: 5,
    category: "collaboration",
    check: ({ number, name }) => [desk.becomes(({ tickets }) => (tickets[number]!.owner = byName(name).id))],
    *oracle({ number, name }, first) {
      let page = yield* tab(first, number, "Basics");
      page = yield* choose(page, ownerShown(of(number).owner), shown(byName(name)));
      yield* save(page);
      yield exit();
    },
  }),
  defineTemplate<{ number: number; subject: string }>({
    id: "rename",
    phrasings: [
      'Change the subject of ticket {number} to "{subject}".',
      'Ticket {number} needs a better subject: "{subject}".',
      'Rename ticket {number}. It is called "{subject}" now.',
    ],
    instances: numbers().flatMap((number) =>
      ["See me first", "Ask again in spring", "For the next meeting"].map((subject) => ({ number, subject })),
    ),
    user: "nora",
    difficulty: 5,
    category: "content management",
    check: ({ number, subject }) => [desk.becomes(({ tickets }) => (tickets[number]!.subject = subject))],
    *oracle({ number, subject }, first) {
      let page = yield* tab(first, number, "Basics");
      page = yield { kind: "type", element: field(page, 1), text: subject };
      yield* save(page);
      yield exit();
    },
  }),
];
const byName = (name: string) => STAFF.find((each) => each.name === name)!;

const TEXTS = [
  "Thank you. We will see to it tomorrow.",
  "Could you tell us the day on which it happened?",
  "Please come to the desk at the Harbour branch.",
];
const NOTES = ["Called twice, nobody answered.", "The same as last year.", "Wait for the meeting on Monday."];

/** What is written into a ticket; an answer opens one that is new or resolved. */
const said =
  (number: number, kind: "Correspond" | "Comment", text: string, status?: Status) => (desk: Desk) => {
    const ticket = desk.tickets[number]!;
    ticket.said.push({ by: "nora", kind, text });
    if (status) ticket.status = status;
  };

const writing = (desk: StateChecks<Desk>): SiteTemplate[] => [
  defineTemplate<{ number: number; text: string }>({
    id: "reply",
    phrasings: [
      'Reply to the member in ticket {number}: "{text}"',
      'Answer ticket {number} with "{text}"',
      'Let the requestor of ticket {number} know: "{text}"',
    ],
    instances: numbers(isActive).flatMap((number) => TEXTS.map((text) => ({ number, text }))),
    user: "nora",
    difficulty: 6,
    category: "customer service",
    check: ({ number, text }) => [
      desk.becomes(said(number, "Correspond", text), said(number, "Correspond", text, "open")),
    ],
    *oracle({ number, text }, first) {
      let page = yield* write(first, number, "Reply");
      page = yield type(page, MESSAGE, text);
      yield* save(page, "Update Ticket");
      yield exit();
    },
  }),
  defineTemplate<{ number: number; text: string }>({
    id: "comment",
    phrasings: [
      'Comment on ticket {number}, so that the member does not see it: "{text}"',
      'Leave a note for the staff alone in ticket {number}: "{text}"',
      'Write the comment "{text}" into ticket {number}. It is not for the requestor.',
    ],
    instances: numbers(isActive).flatMap((number) => NOTES.map((text) => ({ number, text }))),
    user: "nora",
    difficulty: 6,
    category: "collaboration",
    check: ({ number, text }) => [desk.becomes(said(number, "Comment", text))],
    *oracle({ number, text }, first) {
      let page = yield* write(first, number, "Comment");
      page = yield type(page, MESSAGE, text);
      yield* save(page, "Update Ticket");
      yield exit();
    },
  }),
  defineTemplate<{ number: number; text: string }>({
    id: "resolve-with-reply",
    phrasings: [
      'Reply to the member in ticket {number} "{text}" and resolve the ticket.',
      'Close ticket {number} as resolved, with this last answer: "{text}"',
      'Ticket {number} is done. Tell the requestor "{text}" and set it to resolved.',
    ],
    instances: numbers(isActive).flatMap((number) =>
      ["It is done. Have a good day.", "It works again.", "You can fetch it at the desk."].map((text) => ({
        number,
        text,
      })),
    ),
    user: "nora",
    difficulty: 7,
    category: "customer service",
    check: ({ number, text }) => [desk.becomes(said(number, "Correspond", text, "resolved"))],
    *oracle({ number, text }, first) {
      let page = yield* write(first, number, "Reply");
      // For a new ticket, the page offers to open it.
      page = yield* choose(page, /^(?:new|open|stalled)(?: \(Unchanged\))?$/, "resolved");
      page = yield type(page, MESSAGE, text);
      yield* save(page, "Update Ticket");
      yield exit();
    },
  }),
];

export const changes = (desk: StateChecks<Desk>): SiteTemplate[] => [...basics(desk), ...writing(desk)];
