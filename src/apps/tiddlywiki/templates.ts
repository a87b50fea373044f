/** @file Tasks on the garden's notebook: what is looked up in it, and how it is kept. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { click, exit, insert, selectText, type, wordsOf } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import type { Observation } from "../../core/observation.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { events, gardeners, plans, rules, tools } from "./content.ts";
import { CONFIRM, create, edit, open, searchField, TEXT, titleField } from "./hands.ts";
import { becomes, becomesOne, unchanged } from "./notes.ts";
import type { Notebook } from "./notes.ts";

/** First group of the pattern in what the page says. */
function said(page: Observation, pattern: RegExp): string {
  const found = pattern.exec(wordsOf(page))?.[1];
  if (found === undefined) throw new Error(`oracle: ${String(pattern)} is not on the page\n${wordsOf(page)}`);
  return found.trim();
}

const other = <T>(all: readonly T[], one: T): T => all.find((each) => each !== one)!;

/** A fact of one note out of a list of such. */
function fact(
  id: string,
  list: string,
  facts: readonly { title: string; value: string }[],
  phrasings: string[],
  pattern: RegExp,
): SiteTemplate {
  const valueOf = (title: string) => facts.find((each) => each.title === title)!.value;
  return defineTemplate<{ title: string }>({
    id,
    phrasings,
    instances: facts.map(({ title }) => ({ title })),
    difficulty: 3,
    check: ({ title }) => [answerIs(valueOf(title)), unchanged()],
    *oracle({ title }, first) {
      const page = yield* open(first, list, title);
      yield exit(said(page, pattern));
    },
    wrongAnswer: ({ title }) =>
      other(
        facts.map(({ value }) => value),
        valueOf(title),
      ),
  });
}

const phone = fact(
  "phone",
  "Gardeners",
  gardeners.map(({ name, phone: value }) => ({ title: name, value })),
  [
    "What is the phone number of {title}?",
    "Look up how to call {title}.",
    "I need to ring {title}. Which number is it?",
  ],
  /Phone: ([\d-]+)/,
);

const plot = fact(
  "plot",
  "Gardeners",
  gardeners.map(({ name, plot: value }) => ({ title: name, value })),
  [
    "Which plot does {title} have?",
    "Name the plot of {title}.",
    "Where in the garden does {title} grow things?",
  ],
  /Garden: (Plot \d+)/,
);

const kept = fact(
  "tool-place",
  "Tools",
  tools.map(({ name, shelf: value }) => ({ title: name, value })),
  [
    'Where is the tool "{title}" kept?',
    'I am looking for the tool "{title}". Where does it belong?',
    'Name the place of the tool "{title}".',
  ],
  /Kept in: (.+?) How many/,
);

const leader = fact(
  "event-leader",
  "Events",
  events.map(({ name, leader: value }) => ({ title: name, value })),
  [
    'Who leads the event "{title}"?',
    'Name the leader of "{title}".',
    'Under whose lead does "{title}" take place?',
  ],
  /Led by: (.+?) Meets at/,
);

const bring = fact(
  "event-bring",
  "Events",
  events.map(({ name, bring: value }) => ({ title: name, value })),
  [
    'What should I bring to "{title}"?',
    'What do guests of "{title}" bring along?',
    'I am going to "{title}". What do I take with me?',
  ],
  // Nothing ends the sentence in a page's words.
  /Bring: (gloves|a bucket|a hat|blunt tools|a dish to share|a notebook|baskets|secateurs)/,
);

const leaderPhone = defineTemplate<{ event: string }>({
  id: "leader-phone",
  phrasings: [
    'What is the phone number of the person who leads "{event}"?',
    'I have a question about "{event}". Which number do I call to reach its leader?',
    'Find the leader of "{event}" and give me the phone number.',
  ],
  instances: events.map(({ name }) => ({ event: name })),
  difficulty: 4,
  category: "customer service",
  check: ({ event }) => [answerIs(phoneOf(leaderOf(event))), unchanged()],
  *oracle({ event }, first) {
    let page = yield* open(first, "Events", event);
    page = yield click(page, "link", said(page, /Led by: (.+?) Meets at/));
    yield exit(said(page, /Phone: ([\d-]+)/));
  },
  wrongAnswer: ({ event }) =>
    other(
      gardeners,
      gardeners.find(({ name }) => name === leaderOf(event))!,
    ).phone,
});
const leaderOf = (event: string) => events.find(({ name }) => name === event)!.leader;
const phoneOf = (person: string) => gardeners.find(({ name }) => name === person)!.phone;

const SKILLS = [...new Set(gardeners.map(({ skill }) => skill))];
const skilled = (skill: string) => gardeners.filter((each) => each.skill === skill).map(({ name }) => name);

const withSkill = defineTemplate<{ skill: string }>({
  id: "gardeners-with-tag",
  phrasings: [
    'List the gardeners with the tag "{skill}" as a JSON array of names.',
    'Which gardeners have the tag "{skill}"? Answer with a JSON array of their names.',
    'Give the names of all who are tagged "{skill}", as a JSON array.',
  ],
  instances: SKILLS.map((skill) => ({ skill })),
  difficulty: 4,
  category: "extraction",
  check: ({ skill }) => [answerJson(skilled(skill), { anyOrder: true }), unchanged()],
  *oracle({ skill }, first) {
    const page = yield {
      kind: "type",
      element: searchField(first),
      text: skill,
    };
    const found = gardeners
      .map(({ name }) => name)
      .filter((name) => page.elements.some((e) => e.label === name));
    yield exit(JSON.stringify(found));
  },
  wrongAnswer: ({ skill }) => JSON.stringify(skilled(skill).slice(1)),
});

const contact = defineTemplate<{ name: string }>({
  id: "card",
  phrasings: [
    "Give the phone, the plot and the year of joining of {name} as JSON with the keys phone, plot and since.",
    "Write the card of {name} as a JSON object: phone, plot, since (the year).",
    "From the notes on {name}, make a JSON object with phone, plot and since.",
  ],
  instances: gardeners.map(({ name }) => ({ name })),
  difficulty: 3,
  category: "extraction",
  check: ({ name }) => [answerJson(cardOf(name)), unchanged()],
  *oracle({ name }, first) {
    const page = yield* open(first, "Gardeners", name);
    const [phoneNumber, place, since] = [/Phone: ([\d-]+)/, /Garden: (Plot \d+)/, /Member since: (\d+)/].map(
      (pattern) => said(page, pattern),
    );
    yield exit(JSON.stringify({ phone: phoneNumber, plot: place, since }));
  },
  wrongAnswer: ({ name }) => JSON.stringify({ ...cardOf(name), since: "1999" }),
});
function cardOf(name: string) {
  const { phone: number, plot: place, since } = gardeners.find((each) => each.name === name)!;
  return { phone: number, plot: place, since };
}

const PHRASES: [words: string, title: string][] = [
  ["hedgehogs", "Watering rota"],
  ["fortnight", "Compost rules"],
  ["twelve crowns", "Key box"],
  ["cucumbers", "Greenhouse guide"],
  ["red flag", "Bee rules"],
  ["walnut", "Build a bench"],
  ["Hawthorn", "Plant a hedge"],
  ["Slate", "Label the fruit trees"],
  ["three offers", "Buy a second pump"],
  ["spout", "Watering can"],
];

const searching = defineTemplate<{ words: string }>({
  id: "search",
  phrasings: [
    'Which note has the words "{words}" in it?',
    'Find the note that mentions "{words}" and name its title.',
    'Search for "{words}". What is the note called?',
  ],
  instances: PHRASES.map(([words]) => ({ words })),
  difficulty: 2,
  check: ({ words }) => [answerIs(PHRASES.find(([each]) => each === words)![1]), unchanged()],
  *oracle({ words }, first) {
    const page = yield { kind: "type", element: searchField(first), text: words };
    yield exit(
      PHRASES.map(([, title]) => title).find((title) => page.elements.some((e) => e.label === title))!,
    );
  },
  wrongAnswer: ({ words }) => (words === "hedgehogs" ? "Key box" : "Watering rota"),
});

/** Saves what the editor has, and ends. */
function* save(page: Observation): Stretch {
  yield click(page, "button", CONFIRM);
  return yield exit();
}

const NEW = [
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
  *oracle({ title, text }, first) {
    let page = yield* create(first);
    page = yield { kind: "type", element: titleField(page), text: title };
    page = yield type(page, TEXT, text);
    yield* save(page);
  },
});

const TAGS = ["urgent", "summer", "winter", "shared", "committee"];

const writeTagged = defineTemplate<{ title: string; text: string; tag: string }>({
  id: "new-tagged-note",
  phrasings: [
    'Write a note "{title}" with the tag "{tag}" and the text "{text}"',
    'Add a note tagged "{tag}". Title: "{title}". Text: "{text}"',
    'A new note, please: "{title}", tag "{tag}", saying "{text}"',
  ],
  instances: NEW.flatMap(([title, text]) => TAGS.map((tag) => ({ title, text, tag }))),
  difficulty: 7,
  category: "content management",
  check: ({ title, text, tag }) => [
    becomes((notes) => void (notes[title] = { text, tags: [tag], fields: {} })),
  ],
  *oracle({ title, text, tag }, first) {
    let page = yield* create(first);
    page = yield { kind: "type", element: titleField(page), text: title };
    page = yield type(page, TEXT, text);
    page = yield type(page, "tag name", tag);
    page = yield click(page, "button", "add");
    yield* save(page);
  },
});

const planText = (title: string) => plans.find((plan) => plan.title === title)!;

const rewrite = defineTemplate<{ title: string; text: string }>({
  id: "rewrite",
  phrasings: [
    'Replace the whole text of the plan "{title}" by "{text}"',
    'The plan "{title}" shall say "{text}" and nothing else.',
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
  *oracle({ title, text }, first) {
    let page = yield* edit(first, "Plans", title);
    page = yield type(page, TEXT, text);
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
  *oracle({ title, text }, first) {
    let page = yield* edit(first, "Rules", title);
    page = yield insert(page, TEXT, ` ${text}`);
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
  *oracle({ title, wrong, right }, first) {
    let page = yield* edit(first, "Rules", title);
    const field = page.elements.find((e) => e.label === TEXT)!;
    page = yield selectText(wrong, field);
    page = yield insert(page, TEXT, right);
    yield* save(page);
  },
});

const rename = defineTemplate<{ title: string; to: string }>({
  id: "rename",
  phrasings: [
    'Rename the plan "{title}" to "{to}".',
    'The plan "{title}" shall be called "{to}" from now on.',
    'Give the plan "{title}" the new title "{to}".',
  ],
  instances: plans.flatMap(({ title }) => [
    { title, to: `${title} this year` },
    { title, to: `Later: ${title.toLowerCase()}` },
  ]),
  difficulty: 6,
  category: "content management",
  check: ({ title, to }) => [
    // Whether links to it follow is a box in the editor, and not asked for.
    becomesOne(
      ...[title, to].map((linked) => (notes: Notebook) => {
        notes[to] = notes[title]!;
        delete notes[title];
        notes["Plans"]!.text = notes["Plans"]!.text.replace(`[[${title}]]`, `[[${linked}]]`);
      }),
    ),
  ],
  *oracle({ title, to }, first) {
    let page = yield* edit(first, "Plans", title);
    page = yield { kind: "type", element: titleField(page), text: to };
    yield* save(page);
  },
});

const remove = defineTemplate<{ title: string }>({
  id: "delete",
  phrasings: [
    'Delete the plan "{title}".',
    'Remove the note "{title}" from the notebook.',
    'The plan "{title}" is not needed any more. Delete it.',
  ],
  instances: plans.map(({ title }) => ({ title })),
  difficulty: 5,
  category: "content management",
  check: ({ title }) => [becomes((notes) => void delete notes[title])],
  *oracle({ title }, first) {
    const page = yield* edit(first, "Plans", title);
    yield click(page, "button", "Delete this tiddler");
    yield exit();
  },
});

const addTag = defineTemplate<{ name: string; tag: string }>({
  id: "add-tag",
  phrasings: [
    'Tag the note on {name} with "{tag}", too.',
    'Add the tag "{tag}" to {name}.',
    'Put {name} under the tag "{tag}" as well.',
  ],
  instances: gardeners.flatMap(({ name }) => TAGS.slice(0, 3).map((tag) => ({ name, tag }))),
  difficulty: 7,
  category: "content management",
  check: ({ name, tag }) => [
    becomes((notes) => void (notes[name]!.tags = [...notes[name]!.tags, tag].sort())),
  ],
  *oracle({ name, tag }, first) {
    let page = yield* edit(first, "Gardeners", name);
    page = yield type(page, "tag name", tag);
    page = yield click(page, "button", "add");
    yield* save(page);
  },
});

const finish = defineTemplate<{ title: string }>({
  id: "finish-plan",
  phrasings: [
    'The plan "{title}" is done: take the tag "open" off it and give it the tag "done".',
    'Mark the plan "{title}" as done by changing its tag "open" to "done".',
    '"{title}" is finished. Its tag must be "done" instead of "open".',
  ],
  instances: plans.filter(({ status }) => status === "open").map(({ title }) => ({ title })),
  difficulty: 8,
  category: "collaboration",
  check: ({ title }) => [becomes((notes) => void (notes[title]!.tags = ["done", "plan"]))],
  *oracle({ title }, first) {
    let page = yield* edit(first, "Plans", title);
    const tags = ["plan", planText(title).status].sort();
    page = yield click(page, "button", /close/i, closeOf(page, tags.indexOf("open")));
    page = yield type(page, "tag name", "done");
    page = yield click(page, "button", "add");
    yield* save(page);
  },
});

/** Which of the buttons called close takes the tag at `index` off: those of open notes in the sidebar come first. */
function closeOf(page: Observation, index: number): number {
  const closes = page.elements.filter((e) => e.role === "button" && /close/i.test(e.label));
  return 1 + closes.indexOf(closes.filter((e) => e.label === "(close)")[index]!);
}

export const templates: SiteTemplate[] = [
  phone,
  plot,
  kept,
  leader,
  bring,
  leaderPhone,
  withSkill,
  contact,
  searching,
  write,
  writeTagged,
  rewrite,
  append,
  correct,
  rename,
  remove,
  addTag,
  finish,
];
