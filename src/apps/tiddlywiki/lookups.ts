/** @file Tasks that look something up in the garden's notebook and change nothing. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { factTemplate } from "../facts.ts";
import type { Facts } from "../facts.ts";
import { clickOn, other, read } from "../reading.ts";
import { events, gardeners, tools } from "./content.ts";
import { open, searchField } from "./hands.ts";
import { expectNoChange } from "./notes.ts";

/** A fact from one note out of a list of notes. */
const fact = (
  id: string,
  list: string,
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
    open: (first, title) => open(first, list, title),
  });

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
  check: ({ event }) => [answerIs(phoneOf(leaderOf(event))), expectNoChange()],
  *oracle({ event }, first) {
    let page = yield* open(first, "Events", event);
    page = yield* clickOn(page, "link", yield* read(page, /Led by: (.+?) Meets at/));
    yield exit(yield* read(page, /Phone: ([\d-]+)/));
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
  check: ({ skill }) => [answerJson(skilled(skill), { anyOrder: true }), expectNoChange()],
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
  check: ({ name }) => [answerJson(cardOf(name)), expectNoChange()],
  *oracle({ name }, first) {
    const page = yield* open(first, "Gardeners", name);
    const phoneNumber = yield* read(page, /Phone: ([\d-]+)/);
    const place = yield* read(page, /Garden: (Plot \d+)/);
    const since = yield* read(page, /Member since: (\d+)/);
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
  check: ({ words }) => [answerIs(PHRASES.find(([each]) => each === words)![1]), expectNoChange()],
  *oracle({ words }, first) {
    const page = yield { kind: "type", element: searchField(first), text: words };
    yield exit(
      PHRASES.map(([, title]) => title).find((title) => page.elements.some((e) => e.label === title))!,
    );
  },
  wrongAnswer: ({ words }) => (words === "hedgehogs" ? "Key box" : "Watering rota"),
});

export const lookups: SiteTemplate[] = [
  phone,
  plot,
  kept,
  leader,
  bring,
  leaderPhone,
  withSkill,
  contact,
  searching,
];
