/**
 * @file The ticket desk as a site: how to start it, log in and put its data back, its tasks and how to verify them.
 *
 * Try it: `webrl suite check --suite own --file examples/own-site/site.ts`
 */

import { readFileSync } from "node:fs";
import {
  answerIs,
  click,
  defineSite,
  defineTemplate,
  exit,
  pageShows,
  stateSatisfies,
  type,
  urlIs,
} from "webrl/sites";

interface Ticket {
  id: number;
  title: string;
  requester: string;
  priority: string;
  status: string;
  note: string;
}

/** What the desk holds after a reset. */
const tickets = JSON.parse(readFileSync(new URL("tickets.json", import.meta.url), "utf8")) as Ticket[];
const findTicket = (title: string) => tickets.find((ticket) => ticket.title === title)!;
const NOTES = ["Done on site", "Replaced", "Waiting for a spare part"];

/** These tickets have changed in this way, and no others have changed. */
const expectOnlyChanges = (changes: Record<number, Partial<Ticket>>) =>
  stateSatisfies<Ticket[]>("/api/tickets", (now) =>
    now.flatMap((got, i) => {
      const wanted = { ...tickets[i]!, ...changes[got.id] };
      const same = JSON.stringify(got) === JSON.stringify(wanted);
      return same ? [] : [`expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`];
    }),
  );

/** What a ticket's page says after `label`. */
const read = (text: string, label: string) => new RegExp(`${label} \\| (.+)`).exec(text)![1]!;

const requester = defineTemplate<{ title: string }>({
  id: "requester",
  phrasings: [
    'Who asked for "{title}"?',
    'Name the requester of the ticket "{title}".',
    'Whose ticket is "{title}"?',
  ],
  instances: tickets.map(({ title }) => ({ title })),
  difficulty: 2,
  check: ({ title }) => [answerIs(findTicket(title).requester), expectOnlyChanges({})],
  *oracle({ title }, first) {
    const page = yield click(first, "link", title);
    yield exit(read(page.text, "Requester"));
  },
  wrongAnswer: ({ title }) => (findTicket(title).requester === "Tom Reyes" ? "Ben Osei" : "Tom Reyes"),
});

const close = defineTemplate<{ title: string; note: string }>({
  id: "close",
  phrasings: [
    'Close the ticket "{title}" with the note "{note}".',
    'Write the note "{note}" and close "{title}".',
    '"{title}" is settled. Close it; the note is "{note}".',
  ],
  instances: tickets
    .filter(({ status }) => status === "Open")
    .flatMap(({ title }) => NOTES.map((note) => ({ title, note }))),
  category: "customer service",
  difficulty: 4,
  check: ({ title, note }) => [expectOnlyChanges({ [findTicket(title).id]: { status: "Closed", note } })],
  *oracle({ title, note }, first) {
    let page = yield click(first, "link", title);
    page = yield type(page, "Note", note);
    yield click(page, "button", "Close ticket");
    yield exit();
  },
});

export default defineSite({
  name: "desk",
  description: "a help desk: a list of tickets with requester and priority, which can be closed with a note",
  infeasible: ["opening a new ticket", "changing a ticket's priority", "writing to the requester"],
  baseUrl: "http://127.0.0.1:{port}",
  start: { command: "node server.mjs", instances: 2 },
  reset: { path: "/reset" },
  login: [
    { open: "/login" },
    { fill: "User name", text: "ann" },
    // In real life: { fill: "Password", env: "DESK_PASSWORD" }
    { fill: "Password", text: "desk-4711" },
    { click: "Sign in" },
    { see: "Signed in as Ann" },
  ],
  templates: [requester, close],
  tasks: [
    {
      id: "badge",
      instruction: "Go to the ticket about the badge that does not open the lab, and stay there.",
      category: "navigation",
      difficulty: 2,
      split: "test",
      check: [urlIs("/tickets/103"), pageShows("Lena Fuchs"), expectOnlyChanges({})],
      *oracle(_, first) {
        yield click(first, "link", /Badge/);
        yield exit();
      },
    },
  ],
});
