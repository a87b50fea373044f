/** @file What members of the library do with their own tickets, on the pages that are made for them. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { click, exit, type } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import type { Observation } from "../../core/observation.ts";
import { answerIs } from "../../sites/verify.ts";
import { clickOn, reach, read } from "../reading.ts";
import type { StateChecks } from "../state.ts";
import { MEMBERS, numberOf, QUEUES, TICKETS } from "./content.ts";
import type { Desk } from "./desk.ts";
import { field, MESSAGE, save } from "./hands.ts";

/** Those who sign in for tasks of their own. */
export const SIGNED_IN = MEMBERS.slice(0, 3);
const own = TICKETS.filter(
  ({ from, status }) => status !== "resolved" && SIGNED_IN.some(({ id }) => id === from),
);
const ownerOf = (subject: string) => TICKETS.find((ticket) => ticket.subject === subject)!.from;

/** Opens a member's own ticket from the list that the member begins with. */
function* openOwn(first: Observation, subject: string): Stretch {
  const page = yield* clickOn(first, "link", subject);
  return yield* reach(page, "link", "The Basics");
}

const WISHES = [
  ["Longer opening hours", "Please open until nine on Fridays."],
  ["More chairs", "There are too few chairs on the second floor."],
  ["A clock", "The clock by the stairs has stopped."],
] as const;

export const members = (desk: StateChecks<Desk>): SiteTemplate[] => [
  defineTemplate<{ subject: string }>({
    id: "own-status",
    phrasings: [
      'What is the status of my ticket "{subject}"?',
      'I wrote to you about "{subject}". Which status does it have?',
      'Look up how my ticket "{subject}" stands: its status in one word.',
    ],
    instances: own.map(({ subject }) => ({ subject })),
    user: ({ subject }) => ownerOf(subject),
    difficulty: 2,
    check: ({ subject }) => [answerIs(statusOf(subject)), desk.expectNoChange()],
    *oracle({ subject }, first) {
      const page = yield* openOwn(first, subject);
      yield exit(yield* read(page, /Status: (new|open|stalled)/));
    },
    wrongAnswer: ({ subject }) => (statusOf(subject) === "new" ? "open" : "new"),
  }),
  defineTemplate<{ subject: string; text: string }>({
    id: "own-reply",
    phrasings: [
      'Add to my ticket "{subject}": "{text}"',
      'Write this into my ticket "{subject}": "{text}"',
      'Answer in my ticket "{subject}" with "{text}"',
    ],
    instances: own.flatMap(({ subject }) =>
      ["It has got worse since.", "Thank you, I can wait.", "I am there on Mondays only."].map((text) => ({
        subject,
        text,
      })),
    ),
    user: ({ subject }) => ownerOf(subject),
    difficulty: 5,
    category: "customer service",
    check: ({ subject, text }) => {
      const change = (status?: string) => (state: Desk) => {
        const ticket = state.tickets[numberOf(TICKETS.find((each) => each.subject === subject)!)]!;
        ticket.said.push({ by: ownerOf(subject), kind: "Correspond", text });
        if (status !== undefined) ticket.status = status;
      };
      // An answer opens a ticket that waits.
      return [desk.becomes(change(), change("open"))];
    },
    *oracle({ subject, text }, first) {
      let page = yield* openOwn(first, subject);
      page = yield click(page, "link", "The Basics");
      page = yield* reach(page, "textbox", MESSAGE);
      page = yield type(page, MESSAGE, text);
      yield* save(page, "Update Ticket");
      yield exit();
    },
  }),
  defineTemplate<{ member: string; queue: string; subject: string; text: string }>({
    id: "own-new",
    phrasings: [
      'Write to the desk about {queue}: subject "{subject}", message "{text}"',
      'Create a ticket in {queue} for me. It is called "{subject}" and says "{text}"',
      'I have a wish for {queue}. Subject: "{subject}". Message: "{text}". Send it to the desk.',
    ],
    // A wish for a queue belongs to one member, so that no two tasks have the same instruction.
    instances: Object.keys(QUEUES).flatMap((queue, i) =>
      WISHES.map(([subject, text], j) => {
        const member = SIGNED_IN[(i + j) % SIGNED_IN.length]!.id;
        return { member, queue, subject, text };
      }),
    ),
    user: ({ member }) => member,
    difficulty: 6,
    category: "customer service",
    check: ({ member, queue, subject, text }) => [
      desk.becomes(({ tickets }) => {
        tickets[TICKETS.length + 1] = {
          subject,
          queue,
          status: "new",
          owner: "Nobody",
          priority: 0,
          due: null,
          branch: null,
          requestors: [MEMBERS.find(({ id }) => id === member)!.email],
          cc: [],
          links: [],
          mergedInto: null,
          said: [{ by: member, kind: "Create", text }],
        };
      }),
    ],
    *oracle({ queue, subject, text }, first) {
      let page = yield* reach(first, "link", "Home");
      page = yield { kind: "hover", element: page.elements.find(({ label }) => label === "Home")!.name };
      page = yield* clickOn(page, "link", /^Create Ticket$/i);
      page = yield* clickOn(page, "link", new RegExp(`^${queue}`));
      page = yield* reach(page, "textbox", MESSAGE);
      page = yield { kind: "type", element: field(page, 3), text: subject };
      page = yield type(page, MESSAGE, text);
      yield* save(page, "Create ticket");
      yield exit();
    },
  }),
];

const statusOf = (subject: string) => TICKETS.find((ticket) => ticket.subject === subject)!.status;
