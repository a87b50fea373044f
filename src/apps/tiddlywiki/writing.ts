/** @file Tasks that write notes of the garden's notebook, and change what they say. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { selectText } from "../../sites/hands.ts";
import { fillIn, insertInto } from "../reading.ts";
import { plans, rules } from "./content.ts";
import { create, edit, save, TEXT, titleField } from "./hands.ts";
import { becomes, becomesOne } from "./notes.ts";
import type { Notebook } from "./notes.ts";

/** Titles and texts of new notes. */
export const NEW = [
  ["Slug patrol", "Every evening at nine, with a torch."],
  ["Apple press", "Borrowed from the school until October."],
  ["Lost glove", "A blue one, size eight, found at the pump."],
  ["Nettle tea", "One kilo of nettles in ten litres of water."],
  ["Swap table", "Take a pot and leave a pot."],
  ["Open gate day", "Visitors are welcome on the first Sunday of June."],
] as const;

const write = defineTemplate<{ title: string; text: string }>({
  id: "new-note",
  phrasings: [
    'Write a new note called "{title}" with the text "{text}"',
    'Add a note to the notebook. Its title is "{title}" and it says "{text}"',
    'Make a note "{title}": "{text}"',
  ],
  instances: NEW.flatMap(([title]) => NEW.map(([, text]) => ({ title, text }))),
  difficulty: 5,
  category: "content management",
  check: ({ title, text }) => [becomes((notes) => void (notes[title] = { text, tags: [], fields: {} }))],
  inFrame: true,
  *oracle({ title, text }, first) {
    let page = yield* create(first);
    page = yield { kind: "type", element: titleField(page), text: title };
    page = yield* fillIn(page, TEXT, text);
    yield* save(page);
  },
});

const rewrite = defineTemplate<{ title: string; text: string }>({
  id: "rewrite",
  phrasings: [
    'Replace the whole text of the plan "{title}" by "{text}"',
    'The plan "{title}" should say "{text}" and nothing else.',
    'Change the text of the plan "{title}" to "{text}"',
  ],
  instances: plans.flatMap(({ title }) =>
    ["Put off until autumn.", "Ask the committee first.", "Two helpers are still needed."].map((text) => ({
      title,
      text,
    })),
  ),
  difficulty: 6,
  category: "content management",
  check: ({ title, text }) => [becomes((notes) => void (notes[title]!.text = text))],
  inFrame: true,
  *oracle({ title, text }, first) {
    let page = yield* edit(first, "Plans", title);
    page = yield* fillIn(page, TEXT, text);
    yield* save(page);
  },
});

const append = defineTemplate<{ title: string; text: string }>({
  id: "append",
  phrasings: [
    'Add this sentence at the end of "{title}", and leave the rest as it is: {text}',
    'At the end of the rules "{title}", write: {text}',
    'Extend "{title}" by one last sentence: {text}',
  ],
  instances: rules.flatMap(({ title }) =>
    ["Children come with an adult.", "Questions go to Celia.", "This was agreed in spring."].map((text) => ({
      title,
      text,
    })),
  ),
  difficulty: 6,
  category: "content management",
  check: ({ title, text }) => [
    becomesOne(
      ...[" ", "\n", "\n\n"].map((gap) => (notes: Notebook) => void (notes[title]!.text += gap + text)),
    ),
  ],
  inFrame: true,
  *oracle({ title, text }, first) {
    let page = yield* edit(first, "Rules", title);
    page = yield* insertInto(page, TEXT, ` ${text}`);
    yield* save(page);
  },
});

const CORRECTIONS: [title: string, wrong: string, right: string][] = [
  ["Watering rota", "Mondays and Thursdays", "Mondays and Saturdays"],
  ["Watering rota", "Tuesdays and Fridays", "Wednesdays and Fridays"],
  ["Compost rules", "every three weeks", "every two weeks"],
  ["Compost rules", "small amounts", "any amount"],
  ["Key box", "twelve crowns", "fifteen crowns"],
  ["Key box", "every quarter", "every month"],
  ["Greenhouse guide", "twenty-four degrees", "twenty-six degrees"],
  ["Greenhouse guide", "in May", "in June"],
  ["Bee rules", "three steps", "five steps"],
  ["Bee rules", "red flag", "yellow flag"],
];

const correct = defineTemplate<{ title: string; wrong: string; right: string }>({
  id: "correct",
  phrasings: [
    'In "{title}", change "{wrong}" to "{right}".',
    'The note "{title}" says "{wrong}". It must say "{right}". Correct it.',
    '"{title}" has a mistake: not "{wrong}" but "{right}". Mend it and leave the rest as it is.',
  ],
  instances: CORRECTIONS.map(([title, wrong, right]) => ({ title, wrong, right })),
  difficulty: 7,
  category: "content management",
  check: ({ title, wrong, right }) => [
    becomes((notes) => void (notes[title]!.text = notes[title]!.text.replace(wrong, right))),
  ],
  inFrame: true,
  *oracle({ title, wrong, right }, first) {
    let page = yield* edit(first, "Rules", title);
    const field = page.elements.find((e) => e.label === TEXT)!;
    page = yield selectText(wrong, field);
    page = yield* insertInto(page, TEXT, right);
    yield* save(page);
  },
});

export const writing: SiteTemplate[] = [write, rewrite, append, correct];
