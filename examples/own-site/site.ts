/**
 * @file The ticket desk as a site. In your project, import from "webrl/sites".
 *
 * Try it: `webrl suite check --suite own --file examples/own-site/site.ts`
 */

import {
  defineSite,
  ownAnswerIs,
  ownPageShows,
  ownState,
  ownUrlIs,
  click,
  exit,
  type,
} from "../../src/sites/index.ts";
import type { OwnTask } from "../../src/sites/index.ts";

interface Ticket {
  id: number;
  status: string;
  note: string;
}

const REQUESTERS = [
  ["Printer on floor 2 is offline", "Ben Osei"],
  ["New laptop for Priya", "Priya Raman"],
  ["Badge does not open the lab", "Lena Fuchs"],
] as const;

export default defineSite({
  name: "desk",
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
  tasks: [
    ...REQUESTERS.map(([title, requester], index): OwnTask => ({
      id: `requester-${index + 1}`,
      instruction: `Who asked for "${title}"?`,
      params: { title },
      difficulty: 2,
      check: [ownAnswerIs(requester)],
      *oracle(params, first) {
        const page = yield click(first, "link", String(params["title"]));
        yield exit(/Requester \| (.+)/.exec(page.text)![1]);
      },
      wrongAnswer: "Tom Reyes",
    })),
    {
      id: "close-badge",
      instruction: 'Close the ticket about the badge with the note "New badge issued".',
      category: "customer service",
      difficulty: 4,
      split: "test",
      check: [
        ownUrlIs("/tickets/103"),
        ownPageShows("New badge issued"),
        ownState<Ticket[]>("/api/tickets", (tickets) => {
          const closed = tickets.filter((ticket) => ticket.status === "Closed").map((ticket) => ticket.id);
          const note = tickets.find((ticket) => ticket.id === 103)?.note;
          return [
            ...(closed.join() === "103,104"
              ? []
              : [`expected 103 and 104 to be closed, got ${closed.join()}`]),
            ...(note === "New badge issued" ? [] : [`the note is ${JSON.stringify(note)}`]),
          ];
        }),
      ],
      *oracle(_, first) {
        let page = yield click(first, "link", /Badge/);
        page = yield type(page, "Note", "New badge issued");
        yield click(page, "button", "Close ticket");
        yield exit();
      },
    },
  ],
});
