/** @file Tasks that write and correct pages of the handbook. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { selectText } from "../../sites/hands.ts";
import { clickOn, fillIn, insertInto, reach } from "../reading.ts";
import { HISTORIES, notices, procedures, stops, trams, VANDAL } from "./content.ts";
import { create, edit, editSection, open, save, TEXT } from "./hands.ts";
import type { Wiki, WikiChecks } from "./state.ts";

const NEW = [
  ["Canteen menu", "Soup on Mondays, pancakes on Thursdays."],
  ["Night watch", "Two people walk through the halls at midnight."],
  ["Bell repair", "Send broken bells to the workshop in Saltworks."],
  ["School visits", "Classes come on Tuesdays, with a letter."],
  ["Rope store", "Ropes hang in the dry room behind the pier."],
  ["Guest badges", "Badges are green and end at six in the evening."],
] as const;

const write = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; text: string }>({
    id: "new-page",
    phrasings: [
      'Write a new page "{title}" with the text "{text}"',
      'The handbook needs a page called "{title}" that says "{text}"',
      'Create the page "{title}": "{text}"',
    ],
    instances: NEW.flatMap(([title]) => NEW.map(([, text]) => ({ title, text }))),
    difficulty: 5,
    category: "content management",
    user: "Mira Holt",
    check: ({ title, text }) => [becomes(({ pages }) => void (pages[title] = { text, protection: {} }))],
    *oracle({ title, text }, first) {
      let page = yield* create(first, title);
      page = yield* fillIn(page, TEXT, text);
      yield* save(page);
    },
  });

const redirect = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; target: string }>({
    id: "redirect",
    phrasings: [
      'Make a redirect from "{title}" to the page "{target}".',
      'Whoever looks for "{title}" must land on "{target}". Create that redirect.',
      'Create the page "{title}" as a redirect to "{target}".',
    ],
    instances: [
      ["Mist timetable", "Fog service"],
      ["Lost and found", "Lost property"],
      ["Inspectors", "Ticket checks"],
      ["Blackout", "Power failure"],
      ["Gritting", "Snow clearing"],
      ["Guests", "Visitors in the depot"],
      ["Old tram", "Tram 101"],
      ["Number four", "Tram 104"],
    ].map(([title, target]) => ({ title: title!, target: target! })),
    difficulty: 5,
    category: "content management",
    user: "Teo Brandt",
    check: ({ title, target }) => [
      becomes(
        ...["#REDIRECT ", "#REDIRECT", "#redirect ", "#redirect", "#Redirect "].map(
          (word) =>
            ({ pages }: Wiki) =>
              void (pages[title] = { text: `${word}[[${target}]]`, protection: {} }),
        ),
      ),
    ],
    *oracle({ title, target }, first) {
      let page = yield* create(first, title);
      page = yield* fillIn(page, TEXT, `#REDIRECT [[${target}]]`);
      yield* save(page);
    },
  });

/** Sections that end with their own text and nothing else. */
const SECTIONS = procedures.flatMap(({ title, sections }) =>
  sections.slice(0, -1).map(({ head, text }, index) => ({ title, head, text, number: index + 1 })),
);
const sectionOf = (title: string, head: string) =>
  SECTIONS.find((each) => each.title === title && each.head === head)!;

const append = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; head: string; text: string }>({
    id: "append-to-section",
    phrasings: [
      'On the page "{title}", add this sentence at the end of the section "{head}": {text}',
      'Extend the section "{head}" of "{title}" by a last sentence, and leave the rest as it is: {text}',
      'The section "{head}" on the page "{title}" lacks a sentence. Put it at its end: {text}',
    ],
    instances: SECTIONS.flatMap(({ title, head }) =>
      ["When in doubt, call the safety officer.", "This holds on holidays, too."].map((text) => ({
        title,
        head,
        text,
      })),
    ),
    difficulty: 6,
    category: "content management",
    user: "Mira Holt",
    check: ({ title, head, text }) => {
      const before = sectionOf(title, head).text;
      return [
        becomes(
          ...[" ", "\n", "\n\n"].map(
            (gap) =>
              ({ pages }: Wiki) =>
                void (pages[title]!.text = pages[title]!.text.replace(before, () => before + gap + text)),
          ),
        ),
      ];
    },
    *oracle({ title, head, text }, first) {
      let page = yield* open(first, "Procedures", title);
      page = yield* editSection(page, sectionOf(title, head).number);
      page = yield* insertInto(page, TEXT, text);
      yield* save(page);
    },
  });

const CORRECTIONS: [title: string, wrong: string, right: string][] = [
  ["Fog service", "four knots", "five knots"],
  ["Fog service", "channel eleven", "channel nine"],
  ["Lost property", "ninety days", "sixty days"],
  ["Lost property", "two marks", "four marks"],
  ["Ticket checks", "rear door", "front door"],
  ["Ticket checks", "within ten days", "within two weeks"],
  ["Snow clearing", "every Wednesday", "every Friday"],
  ["Power failure", "every ten minutes", "every five minutes"],
  ["Power failure", "half a minute", "one minute"],
  ["Visitors in the depot", "yellow vest", "orange vest"],
];

const correct = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; wrong: string; right: string }>({
    id: "correct",
    phrasings: [
      'On the page "{title}", change "{wrong}" to "{right}".',
      'The page "{title}" says "{wrong}". It must say "{right}". Correct it and leave the rest as it is.',
      '"{title}" has a mistake: not "{wrong}" but "{right}".',
    ],
    instances: CORRECTIONS.map(([title, wrong, right]) => ({ title, wrong, right })),
    difficulty: 7,
    category: "content management",
    user: "Ines Calder",
    check: ({ title, wrong, right }) => [
      becomes(({ pages }) => void (pages[title]!.text = pages[title]!.text.replace(wrong, right))),
    ],
    *oracle({ title, wrong, right }, first) {
      let page = yield* open(first, "Procedures", title);
      page = yield* edit(page);
      page = yield* reach(page, "textbox", TEXT);
      page = yield selectText(
        wrong,
        page.elements.find(({ label }) => label === TEXT),
      );
      page = yield* insertInto(page, TEXT, right);
      yield* save(page);
    },
  });

const NEW_CATEGORIES = ["Night service", "Summer only", "For newcomers"];

const addCategory = ({ becomes }: WikiChecks) =>
  defineTemplate<{ tram: string; category: string }>({
    id: "add-category",
    phrasings: [
      'Put the page "{tram}" into the category "{category}", too.',
      'Add the category "{category}" to the page on {tram}.',
      '{tram} belongs into the category "{category}" as well. See to it.',
    ],
    instances: trams.flatMap(({ title }) => NEW_CATEGORIES.map((category) => ({ tram: title, category }))),
    difficulty: 6,
    category: "content management",
    user: "Teo Brandt",
    check: ({ tram, category }) => [
      becomes(
        ...["\n", "", " ", "\n\n"].map(
          (gap) =>
            ({ pages }: Wiki) =>
              void (pages[tram]!.text += `${gap}[[Category:${category}]]`),
        ),
      ),
    ],
    *oracle({ tram, category }, first) {
      let page = yield* open(first, "Trams", tram);
      page = yield* edit(page);
      page = yield* insertInto(page, TEXT, `[[Category:${category}]]`);
      yield* save(page);
    },
  });

const undo = ({ becomes }: WikiChecks) =>
  defineTemplate<{ stop: string }>({
    id: "undo-vandalism",
    phrasings: [
      `The user ${VANDAL} has spoiled the page on the stop {stop}. Undo that edit.`,
      `Put the page {stop} back to how it was before the edit by ${VANDAL}.`,
      `The latest edit of {stop} is vandalism. Take it back.`,
    ],
    instances: stops.filter(({ spoiled }) => spoiled).map(({ name }) => ({ stop: name })),
    difficulty: 6,
    category: "content management",
    user: "Teo Brandt",
    check: ({ stop }) => [
      becomes(
        ({ pages }) =>
          void (pages[stop]!.text = HISTORIES.find(({ title }) => title === stop)!.revisions.at(-2)!.text),
      ),
    ],
    *oracle({ stop }, first) {
      let page = yield* open(first, "Stops", stop);
      page = yield* clickOn(page, "link", "View history");
      page = yield* clickOn(page, "link", "undo");
      yield* save(page);
    },
  });

const ANSWERS = [
  "Ask at the control room, please.",
  "Yes, it was decided last week.",
  "The safety officer knows more about it.",
];

const answer = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; text: string }>({
    id: "answer-on-talk-page",
    phrasings: [
      'Answer the question on the talk page of "{title}", below it: {text}',
      'Somebody asks something on the discussion page of "{title}". Write this answer below the question: {text}',
      'Reply to the question in the discussion of "{title}" with: {text}',
    ],
    instances: procedures.flatMap(({ title }) => ANSWERS.map((text) => ({ title, text }))),
    difficulty: 6,
    category: "collaboration",
    user: "Mira Holt",
    check: ({ title, text }) => [
      becomes(
        ...["\n:", "\n", "\n\n", "\n\n:", "\n*", "\n: ", " "].map(
          (gap) =>
            ({ pages }: Wiki) =>
              void (pages[`Talk:${title}`]!.text += gap + text),
        ),
      ),
    ],
    *oracle({ title, text }, first) {
      let page = yield* open(first, "Procedures", title);
      page = yield* clickOn(page, "link", "Discussion");
      page = yield* editSection(page, 1);
      page = yield* insertInto(page, TEXT, `:${text} ~~~~`);
      yield* save(page);
    },
  });

const rewrite = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; text: string }>({
    id: "rewrite-notice",
    phrasings: [
      'Replace the whole text of the notice "{title}" by "{text}" and nothing else.',
      'The notice "{title}" should say "{text}" and nothing more, not even a category.',
      'Empty the page "{title}" and write only this on it: "{text}"',
    ],
    instances: notices.flatMap(({ title }) =>
      ["Put off until autumn.", "This is over."].map((text) => ({ title, text })),
    ),
    difficulty: 5,
    category: "content management",
    user: "Ines Calder",
    check: ({ title, text }) => [becomes(({ pages }) => void (pages[title]!.text = text))],
    *oracle({ title, text }, first) {
      let page = yield* open(first, "Notices", title);
      page = yield* edit(page);
      page = yield* fillIn(page, TEXT, text);
      yield* save(page);
    },
  });

export const edits = (checks: WikiChecks): SiteTemplate[] =>
  [write, redirect, append, correct, addCategory, undo, answer, rewrite].map((template) => template(checks));
