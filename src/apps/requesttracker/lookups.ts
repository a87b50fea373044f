/** @file What is looked up at the help desk. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { escape } from "../../sites/oracle-steps.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { other, read } from "../reading.ts";
import type { StateChecks } from "../state.ts";
import { MEMBERS, numberOf, QUEUES, STAFF, TICKETS } from "./content.ts";
import type { Status, Ticket } from "./content.ts";
import type { Desk } from "./desk.ts";
import { lookUp, open } from "./hands.ts";

const of = (number: number): Ticket => TICKETS[number - 1]!;
const numbers = (which: (ticket: Ticket) => boolean = () => true) =>
  TICKETS.filter(which).map((ticket) => ({ number: numberOf(ticket) }));
const active = ({ status }: Ticket) => status !== "resolved";

/** A fact that the page of a ticket shows. */
function fact(
  { expectNoChange }: StateChecks<Desk>,
  id: string,
  which: (ticket: Ticket) => boolean,
  valueOf: (ticket: Ticket) => string,
  pattern: RegExp,
  phrasings: string[],
): SiteTemplate {
  const values = TICKETS.filter(which).map(valueOf);
  return defineTemplate<{ number: number }>({
    id,
    phrasings,
    instances: numbers(which),
    user: "nora",
    difficulty: 3,
    check: ({ number }) => [answerIs(valueOf(of(number))), expectNoChange()],
    *oracle({ number }, first) {
      const page = yield* open(first, number);
      yield exit(yield* read(page, pattern));
    },
    wrongAnswer: ({ number }) => other(values, valueOf(of(number))),
  });
}

const staffName = ({ owner }: Ticket) => STAFF.find(({ id }) => id === owner)!.name;
const email = ({ from }: Ticket) => MEMBERS.find(({ id }) => id === from)!.email;
const firstGroup = (text: string, pattern: RegExp) => pattern.exec(text)![1]!;

const CARD = /card number is (\d+)/;
const PLACE = /(?:terminal|room) ([A-F]\d|\d{3})/;
const DATE = /\b(\d{1,2} (?:March|April))\b/;

const facts = (desk: StateChecks<Desk>): SiteTemplate[] => [
  fact(desk, "owner", ({ owner }) => owner !== null, staffName, /Owner: \w+ \((.+?)\)/, [
    "What is the full name of the owner of ticket {number}?",
    "Who works on ticket {number}? Give first and last name.",
    "Name the person to whom ticket {number} is assigned, with the last name.",
  ]),
  fact(desk, "requestor", () => true, email, /Requestors: .*?([\w.]+@readers\.example)/, [
    "What is the e-mail address of the person who asks in ticket {number}?",
    "To which e-mail address does an answer to ticket {number} go?",
    "I want to write to the requestor of ticket {number}. What is the address?",
  ]),
  fact(
    desk,
    "priority",
    () => true,
    ({ level }) => level,
    /Priority: (Low|Medium|High)/,
    [
      "Which priority does ticket {number} have?",
      "Is the priority of ticket {number} Low, Medium or High?",
      "How urgent is ticket {number}? Name its priority.",
    ],
  ),
  fact(
    desk,
    "branch",
    () => true,
    ({ branch }) => branch,
    /Branch: (Harbour|Mill|North)/,
    [
      "Which branch is ticket {number} about?",
      "Name the branch that is noted in ticket {number}.",
      "At which branch did what ticket {number} tells happen?",
    ],
  ),
  fact(
    desk,
    "card-number",
    ({ queue }) => queue === "Loans",
    ({ text }) => firstGroup(text, CARD),
    CARD,
    [
      "Which card number does the member give in ticket {number}?",
      "Read ticket {number}. What is the number of the library card?",
      "I need the card number out of ticket {number}.",
    ],
  ),
  fact(
    desk,
    "place",
    ({ queue }) => queue === "Computers" || queue === "Rooms",
    ({ text }) => firstGroup(text, PLACE),
    PLACE,
    [
      "Which terminal or room does the member of ticket {number} speak of? Answer with its number alone.",
      "Where do we have to go for ticket {number}: what is the number of the terminal or room?",
      "Name the terminal or room in the text of ticket {number}, by its number alone.",
    ],
  ),
  fact(
    desk,
    "promised-date",
    ({ replies }) => replies.length > 0,
    ({ replies }) => firstGroup(replies[0]![1], DATE),
    DATE,
    [
      "Which date does our reply in ticket {number} name? Answer as in the reply, for example 5 May.",
      "For when did we promise something in ticket {number}? Give day and month as they stand there.",
      "Look up the day that we named in our answer to ticket {number}, such as 5 May.",
    ],
  ),
];

export const lookups = (desk: StateChecks<Desk>): SiteTemplate[] => [
  ...facts(desk),
  defineTemplate<{ subject: string }>({
    id: "find-number",
    phrasings: [
      'What is the number of the ticket "{subject}"?',
      'Find the ticket "{subject}" and give its number.',
      'Under which number is "{subject}" kept?',
    ],
    instances: TICKETS.filter(active).map(({ subject }) => ({ subject })),
    user: "nora",
    difficulty: 2,
    check: ({ subject }) => [answerIs(String(numberOfSubject(subject))), desk.expectNoChange()],
    *oracle({ subject }, first) {
      const page = yield* lookUp(first, `"${subject}"`);
      yield exit(yield* read(page, new RegExp(`(\\d+)[\\s|]+${escape(subject)}`)));
    },
    wrongAnswer: ({ subject }) => String(1 + (numberOfSubject(subject) % TICKETS.length)),
  }),
  defineTemplate<{ queue: string; status: Status }>({
    id: "count",
    phrasings: [
      "How many tickets in the queue {queue} are {status}?",
      "Count the {status} tickets of {queue}.",
      "I would like to know how many tickets of the queue {queue} have the status {status}.",
    ],
    instances: Object.keys(QUEUES).flatMap((queue) =>
      (["new", "open", "stalled", "resolved"] as const).map((status) => ({ queue, status })),
    ),
    user: "nora",
    difficulty: 3,
    category: "extraction",
    check: ({ queue, status }) => [answerIs(String(countOf(queue, status))), desk.expectNoChange()],
    *oracle({ queue, status }, first) {
      const page = yield* lookUp(first, `${queue} ${status}`);
      yield exit(yield* read(page, /Found (\d+) tickets?/));
    },
    wrongAnswer: ({ queue, status }) => String(countOf(queue, status) + 1),
  }),
  defineTemplate<{ member: string }>({
    id: "tickets-of",
    phrasings: [
      "Give the numbers of all tickets of {member} that are not resolved, as a JSON array.",
      "Which tickets does {member} wait for? Answer with a JSON array of their numbers; leave resolved ones out.",
      "List every unresolved ticket of {member}: a JSON array of numbers.",
    ],
    instances: MEMBERS.map(({ email: member }) => ({ member })),
    user: "nora",
    difficulty: 3,
    category: "extraction",
    check: ({ member }) => [answerJson(ticketsOf(member), { anyOrder: true }), desk.expectNoChange()],
    *oracle({ member }, first) {
      const page = yield* lookUp(first, member);
      const count = Number(yield* read(page, /Found (\d+) tickets?/));
      const found = page.elements.filter(({ role, label }) => role === "link" && /^\d+$/.test(label));
      if (found.length !== count) throw new Error(`oracle: ${found.length} of ${count} tickets are shown`);
      yield exit(JSON.stringify(found.map(({ label }) => Number(label))));
    },
    wrongAnswer: ({ member }) => JSON.stringify(ticketsOf(member).slice(1)),
  }),
];

const numberOfSubject = (subject: string) => numberOf(TICKETS.find((ticket) => ticket.subject === subject)!);
const countOf = (queue: string, status: Status) =>
  TICKETS.filter((ticket) => ticket.queue === queue && ticket.status === status).length;
const ticketsOf = (member: string) =>
  TICKETS.filter((ticket) => email(ticket) === member && active(ticket)).map(numberOf);
