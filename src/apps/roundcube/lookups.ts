/** @file Tasks that look something up in the mail and change nothing. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit, search, wordsOf } from "../../sites/hands.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { clickOn, other, read, reach, readUntil } from "../reading.ts";
import { buyerOf, colleagues, customers, messages } from "./content.ts";
import type { Message, UserId } from "./content.ts";
import { leaveFor, openFolder, openLetter } from "./hands.ts";
import type { MailChecks } from "./state.ts";

/** Letters of customers in an inbox. */
export const letters = (user: UserId): Message[] =>
  messages.filter((each) => each.user === user && each.folder === "INBOX" && each.id.startsWith("letter"));
export const letterOf = (subject: string): Message => messages.find((each) => each.subject === subject)!;

/** A fact that letters state. */
function fact(
  { expectNoChange }: MailChecks,
  id: string,
  user: UserId,
  key: "town" | "room",
  phrasings: string[],
  pattern: RegExp,
): SiteTemplate {
  const valueOf = (subject: string) => buyerOf(letterOf(subject))[key];
  return defineTemplate<{ subject: string; name: string }>({
    id,
    phrasings,
    instances: letters(user).map(({ subject, from }) => ({ subject, name: from.name })),
    difficulty: 2,
    category: "customer service",
    user,
    check: ({ subject }) => [answerIs(valueOf(subject)), expectNoChange()],
    *oracle({ subject }, first) {
      const page = yield* openLetter(first, subject);
      yield exit(yield* read(page, pattern));
    },
    wrongAnswer: ({ subject }) =>
      other(
        customers.map((each) => each[key]),
        valueOf(subject),
      ),
  });
}

const TOWN = new RegExp(`(?:in|to) (${[...new Set(customers.map(({ town }) => town))].join("|")})`);
const ROOM = new RegExp(`(?:in|from) the (${customers.map(({ room }) => room).join("|")})`);

const letterCard = ({ expectNoChange }: MailChecks) =>
  defineTemplate<{ subject: string; name: string }>({
    id: "letter-card",
    phrasings: [
      'Read the letter "{subject}" by {name} and give the order, the lamp and the town as JSON with the keys order, lamp and town.',
      'Make a JSON object with order, lamp and town of what {name} writes in "{subject}".',
      'From the letter "{subject}", extract order, lamp and town as a JSON object.',
    ],
    instances: letters("care").map(({ subject, from }) => ({ subject, name: from.name })),
    difficulty: 2,
    category: "extraction",
    user: "care",
    check: ({ subject }) => [answerJson(cardOf(subject)), expectNoChange()],
    *oracle({ subject }, first) {
      const page = yield* openLetter(first, subject);
      const town = yield* read(page, TOWN);
      const order = yield* read(page, /[Tt]he order (?:is )?(HL-\d+)/);
      const lamp = yield* read(page, /the lamp (\w+)/);
      yield exit(JSON.stringify({ order, lamp, town }));
    },
    wrongAnswer: ({ subject }) => JSON.stringify({ ...cardOf(subject), lamp: "Moth" }),
  });
function cardOf(subject: string) {
  const { order, lamp, town } = buyerOf(letterOf(subject));
  return { order, lamp, town };
}

const whoseOrder = ({ expectNoChange }: MailChecks) =>
  defineTemplate<{ order: string }>({
    id: "whose-order",
    phrasings: [
      "Which customer wrote about the order {order}?",
      "Find the letter about {order} in the inbox and name its writer.",
      "Whose order is {order}?",
    ],
    instances: letters("care").map((each) => ({ order: buyerOf(each).order })),
    difficulty: 2,
    user: "care",
    check: ({ order }) => [answerIs(writerOf(order)), expectNoChange()],
    *oracle({ order }, first) {
      let page = yield* reach(first, "textbox", /^Search/);
      page = yield search(page, /^Search/, order, "textbox");
      const names = customers.map(({ name }) => name).join("|");
      page = yield* readUntil(page, /Messages? 1(?: to \d+)? of 1\b|1 messages? found/);
      yield exit(yield* read(page, new RegExp(`(${names}) `)));
    },
    wrongAnswer: ({ order }) =>
      other(
        customers.map(({ name }) => name),
        writerOf(order),
      ),
  });
const writerOf = (order: string) => customers.find((each) => each.order === order)!.name;

const FOLDERS = [
  ["care", "Done"],
  ["repairs", "Workshop"],
] as const;
const sendersOf = (folder: string) =>
  messages.filter((each) => each.folder === folder).map(({ from }) => from.name);

const senders = ({ expectNoChange }: MailChecks) =>
  defineTemplate<{ user: UserId; folder: string }>({
    id: "folder-senders",
    phrasings: [
      'Who wrote the letters in the folder "{folder}"? Answer with a JSON array of names.',
      'List the writers of all letters in "{folder}" as a JSON array.',
      'Give the senders of the letters in the folder "{folder}", as a JSON array.',
    ],
    instances: FOLDERS.map(([user, folder]) => ({ user, folder })),
    difficulty: 2,
    category: "extraction",
    user: ({ user }) => user,
    check: ({ folder }) => [answerJson(sendersOf(folder), { anyOrder: true }), expectNoChange()],
    *oracle({ folder }, first) {
      const page = yield* openFolder(first, folder);
      const full = yield* readUntil(page, /Messages 1 to \d/);
      const said = [wordsOf(full), ...full.elements.map(({ label }) => label)].join(" ");
      yield exit(JSON.stringify(customers.map(({ name }) => name).filter((name) => said.includes(name))));
    },
    wrongAnswer: ({ folder }) => JSON.stringify(sendersOf(folder).slice(1)),
  });

const address = ({ expectNoChange }: MailChecks) =>
  defineTemplate<{ user: UserId; name: string }>({
    id: "contact-address",
    phrasings: [
      "What is the e-mail address of {name} in my contacts?",
      "Look up the address of my colleague {name}.",
      "Which address do I use to write to {name}?",
    ],
    instances: colleagues.map(({ name }, i) => ({ user: i % 2 === 0 ? "care" : "repairs", name })),
    difficulty: 3,
    user: ({ user }) => user,
    check: ({ name }) => [answerIs(addressOf(name)), expectNoChange()],
    inFrame: true,
    *oracle({ name }, first) {
      let page = yield* leaveFor(first, "Contacts");
      page = yield* clickOn(page, "option", name);
      page = yield* reach(page, "link", /@/);
      yield exit(page.elements.find(({ role, label }) => role === "link" && label.includes("@"))!.label);
    },
    wrongAnswer: ({ name }) =>
      other(
        colleagues.map(({ email }) => email),
        addressOf(name),
      ),
  });
const addressOf = (name: string) => colleagues.find((each) => each.name === name)!.email;

export const lookups = (checks: MailChecks): SiteTemplate[] => [
  fact(
    checks,
    "letter-town",
    "care",
    "town",
    [
      'Which town does {name} name in the letter "{subject}"?',
      'Read the letter "{subject}". In which town does {name} live?',
      '{name} wrote "{subject}". Name the town.',
    ],
    TOWN,
  ),
  fact(
    checks,
    "letter-room",
    "repairs",
    "room",
    [
      'In which room does {name} have the lamp of the letter "{subject}"?',
      'Read "{subject}" by {name}. Which room is the lamp in, or was in?',
      'Name the room that {name} speaks of in "{subject}".',
    ],
    ROOM,
  ),
  letterCard(checks),
  whoseOrder(checks),
  senders(checks),
  address(checks),
];
