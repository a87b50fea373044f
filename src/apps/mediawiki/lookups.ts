/** @file Tasks that look something up in the handbook and change nothing. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit, search } from "../../sites/hands.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { factTemplate } from "../facts.ts";
import type { Facts } from "../facts.ts";
import { clickOn, other, read, readUntil } from "../reading.ts";
import { HISTORIES, lastEdit, staff, stops, trams, USERS, VANDAL } from "./content.ts";
import { open, SEARCH } from "./hands.ts";
import type { WikiChecks } from "./state.ts";

const sound = stops.filter(({ spoiled }) => !spoiled);

/** A fact that pages of one category state. */
const fact = (
  { expectNoChange }: WikiChecks,
  id: string,
  category: string,
  facts: Facts["facts"],
  phrasings: string[],
  pattern: RegExp,
): SiteTemplate =>
  factTemplate({
    id,
    facts,
    phrasings,
    pattern,
    expectNoChange,
    signedOut: true,
    open: (first, title) => open(first, category, title),
  });

const leadDesk = ({ expectNoChange }: WikiChecks) =>
  defineTemplate<{ stop: string }>({
    id: "lead-desk",
    phrasings: [
      "What is the desk phone of the person who leads the stop {stop}?",
      "A passenger has a question about the stop {stop}. Which desk phone does its lead have?",
      "Find the lead of {stop} in the handbook and give me the desk phone.",
    ],
    instances: sound.map(({ name }) => ({ stop: name })),
    difficulty: 4,
    category: "customer service",
    signedOut: true,
    check: ({ stop }) => [answerIs(deskOf(stop)), expectNoChange()],
    *oracle({ stop }, first) {
      let page = yield* open(first, "Stops", stop);
      page = yield* clickOn(page, "link", yield* read(page, /Stop lead: (\w+ \w+)/));
      yield exit(yield* read(page, /Desk phone: (\d+)/));
    },
    wrongAnswer: ({ stop }) =>
      other(
        staff.map(({ desk }) => desk),
        deskOf(stop),
      ),
  });
const deskOf = (stop: string) =>
  staff.find(({ name }) => name === stops.find((each) => each.name === stop)!.lead)!.desk;

const tramCard = ({ expectNoChange }: WikiChecks) =>
  defineTemplate<{ tram: string }>({
    id: "tram-card",
    phrasings: [
      "Give the year of building, the depot and the number of seats of {tram} as JSON with the keys built, depot and seats.",
      "Write a JSON object for {tram}: built (the year), depot, seats.",
      "From the page on {tram}, make a JSON object with built, depot and seats.",
    ],
    instances: trams.map(({ title }) => ({ tram: title })),
    difficulty: 3,
    category: "extraction",
    signedOut: true,
    check: ({ tram }) => [numbersAsText(cardOf(tram)), expectNoChange()],
    *oracle({ tram }, first) {
      const page = yield* open(first, "Trams", tram);
      const built = yield* read(page, /Built: (\d+)/);
      const depot = yield* read(page, /Depot: (\w+)/);
      const seats = yield* read(page, /Seats: (\d+)/);
      yield exit(JSON.stringify({ built, depot, seats }));
    },
    wrongAnswer: ({ tram }) => JSON.stringify({ ...cardOf(tram), seats: "12" }),
  });
function cardOf(tram: string) {
  const { built, depot, seats } = trams.find(({ title }) => title === tram)!;
  return { built, depot, seats: String(seats) };
}
/** A number in the answer counts like its text. */
const numbersAsText = (card: Record<string, string>) => {
  const check = answerJson(card);
  return (finished: Parameters<typeof check>[0]) =>
    check({ ...finished, answer: finished.answer?.replace(/:\s*(\d+)(?=\s*[,}])/g, ':"$1"') ?? null });
};

/** Categories, with the pages on the way to them and their members. */
const CATEGORIES: Readonly<Record<string, { way: string[]; members: string[] }>> = {
  "Step-free stops": {
    way: ["Stops", "Amber Quay"],
    members: stops.filter(({ stepFree }) => stepFree).map(({ name }) => name),
  },
  "First aiders": {
    way: ["Staff", "Nora Fenwick"],
    members: staff.filter(({ firstAid }) => firstAid).map(({ name }) => name),
  },
  ...Object.fromEntries(
    [...new Set(trams.map(({ depot }) => depot))].map((depot) => [
      `Trams of ${depot}`,
      { way: ["Trams"], members: trams.filter((tram) => tram.depot === depot).map(({ title }) => title) },
    ]),
  ),
};

const categoryList = ({ expectNoChange }: WikiChecks) =>
  defineTemplate<{ category: string }>({
    id: "category-list",
    phrasings: [
      'Which pages are in the category "{category}"? Answer with a JSON array of their titles.',
      'List the pages of the category "{category}" as a JSON array.',
      'Give the titles of all pages in "{category}", as a JSON array.',
    ],
    instances: Object.keys(CATEGORIES).map((category) => ({ category })),
    difficulty: 4,
    category: "extraction",
    signedOut: true,
    check: ({ category }) => [
      answerJson(CATEGORIES[category]!.members, { anyOrder: true }),
      expectNoChange(),
    ],
    *oracle({ category }, first) {
      let page = first;
      for (const link of [...CATEGORIES[category]!.way, category]) page = yield* clickOn(page, "link", link);
      page = yield* readUntil(page, /Pages in category/);
      const titles = HISTORIES.map(({ title }) => title);
      yield exit(
        JSON.stringify(titles.filter((title) => page.elements.some(({ label }) => label === title))),
      );
    },
    wrongAnswer: ({ category }) => JSON.stringify(CATEGORIES[category]!.members.slice(1)),
  });

const WORDS: [words: string, title: string][] = [
  ["bow lamps deckhand", "Fog service"],
  ["red buoys", "Fog service"],
  ["purses", "Lost property"],
  ["rear door", "Ticket checks"],
  ["grit bucket", "Snow clearing"],
  ["battery pavement", "Power failure"],
  ["yellow vest", "Visitors in the depot"],
  ["coins", "New ticket machines"],
  ["railing", "Closed stairs"],
  ["canteen", "Quiet hour"],
];

const searching = ({ expectNoChange }: WikiChecks) =>
  defineTemplate<{ words: string }>({
    id: "search",
    phrasings: [
      'Which page of the handbook has the words "{words}"?',
      'Find the page that mentions "{words}" and name its title.',
      'Search the handbook for "{words}". What is the page called?',
    ],
    instances: WORDS.map(([words]) => ({ words })),
    difficulty: 2,
    signedOut: true,
    check: ({ words }) => [answerIs(WORDS.find(([each]) => each === words)![1]), expectNoChange()],
    *oracle({ words }, first) {
      let page = yield search(first, SEARCH, words, "textbox");
      page = yield* readUntil(page, /Search results/);
      yield exit(
        HISTORIES.map(({ title }) => title).find((title) =>
          page.elements.some(({ label }) => label === title),
        ),
      );
    },
    wrongAnswer: ({ words }) => (words === "coins" ? "Closed stairs" : "New ticket machines"),
  });

const NAMES = USERS.map(({ name }) => name);

const lastEditor = ({ expectNoChange }: WikiChecks) =>
  defineTemplate<{ stop: string }>({
    id: "last-editor",
    phrasings: [
      "Who made the latest edit of the page on the stop {stop}?",
      "Look into the history of {stop}: which user edited it last?",
      "Name the user who changed the page {stop} most recently.",
    ],
    instances: stops.map(({ name }) => ({ stop: name })),
    difficulty: 4,
    signedOut: true,
    check: ({ stop }) => [answerIs(editorOf(stop)), expectNoChange()],
    *oracle({ stop }, first) {
      let page = yield* open(first, "Stops", stop);
      page = yield* clickOn(page, "link", "View history");
      // The newest comes first, after its time. The format webrl does not say what the button above them is called.
      yield exit(yield* read(page, new RegExp(`\\d:\\d\\d, \\d+ \\w+ \\d{4}\\W+(${NAMES.join("|")})`)));
    },
    wrongAnswer: ({ stop }) => other(NAMES, editorOf(stop)),
  });
const editorOf = (stop: string) =>
  stops.find(({ name }) => name === stop)!.spoiled ? VANDAL : lastEdit(stop).by;

const lastSummary = ({ expectNoChange }: WikiChecks) =>
  defineTemplate<{ stop: string }>({
    id: "last-summary",
    phrasings: [
      "Which summary was given with the latest edit of the page {stop}?",
      "Look into the history of the stop {stop}. What is the summary of the last edit?",
      "How did the last editor of {stop} describe the edit?",
    ],
    instances: sound.map(({ name }) => ({ stop: name })),
    difficulty: 4,
    signedOut: true,
    check: ({ stop }) => [answerIs(lastEdit(stop).summary), expectNoChange()],
    *oracle({ stop }, first) {
      let page = yield* open(first, "Stops", stop);
      page = yield* clickOn(page, "link", "View history");
      yield exit(yield* read(page, /bytes\W+\d+\W+([a-z][a-z ]+?)\W+(?:rollback|undo)/));
    },
    wrongAnswer: () => "first text",
  });

export const lookups = (checks: WikiChecks): SiteTemplate[] => [
  fact(
    checks,
    "stop-opened",
    "Stops",
    sound.map(({ name, opened }) => ({ title: name, value: opened })),
    [
      "In which year was the stop {title} opened?",
      "When did {title} open? Give the year.",
      "Look up the year in which {title} became a stop.",
    ],
    /Opened: (\d+)/,
  ),
  fact(
    checks,
    "staff-desk",
    "Staff",
    staff.map(({ name, desk }) => ({ title: name, value: desk })),
    [
      "What is the desk phone of {title}?",
      "Which number do I dial for the desk of {title}?",
      "Look up {title} and tell me the desk phone.",
    ],
    /Desk phone: (\d+)/,
  ),
  fact(
    checks,
    "tram-depot",
    "Trams",
    trams.map(({ title, depot }) => ({ title, value: depot })),
    [
      "Which depot does {title} belong to?",
      "Name the depot of {title}.",
      "Where does {title} stay at night?",
    ],
    /Depot: (\w+)/,
  ),
  leadDesk(checks),
  tramCard(checks),
  categoryList(checks),
  searching(checks),
  lastEditor(checks),
  lastSummary(checks),
];
