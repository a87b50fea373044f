/** @file What the mail boxes hold after a reset: the post of a made-up lamp maker's customer care. */

export const DOMAIN = "haldenlamps.example";

export const USERS = [
  { user: "care", name: "Lena Marsh", password: "amber-bulb-31" },
  { user: "repairs", name: "Otto Finch", password: "brass-screw-64" },
] as const;
export type UserId = (typeof USERS)[number]["user"];

export interface Customer {
  name: string;
  email: string;
}
export interface Message {
  /** From the header `Message-ID`, without brackets. */
  id: string;
  user: UserId;
  folder: string;
  from: Customer;
  subject: string;
  text: string;
  seen: boolean;
  flagged: boolean;
}

const CUSTOMERS: [name: string, town: string, order: string, lamp: string, room: string][] = [
  ["Aron Petrov", "Wellbrook", "HL-4821", "Dune", "kitchen"],
  ["Bea Solano", "Marnheim", "HL-4835", "Comet", "hall"],
  ["Caleb Wynn", "Ostrava Bay", "HL-4847", "Willow", "study"],
  ["Dana Ortiz", "Felsen", "HL-4852", "Prism", "bedroom"],
  ["Emil Hagen", "Torsby", "HL-4866", "Dune", "workshop"],
  ["Fay Morrow", "Wellbrook", "HL-4879", "Comet", "nursery"],
  ["Gil Andrade", "Marnheim", "HL-4884", "Anchor", "stairs"],
  ["Hedy Quist", "Torsby", "HL-4890", "Willow", "library"],
  ["Ivo Brandl", "Felsen", "HL-4903", "Prism", "cellar"],
  ["Jana Keller", "Ostrava Bay", "HL-4918", "Anchor", "porch"],
];

export const customers = CUSTOMERS.map(([name, town, order, lamp, room]) => ({
  name,
  email: `${name.toLowerCase().replace(" ", ".")}@post.example`,
  town,
  order,
  lamp,
  room,
}));
type Buyer = (typeof customers)[number];

/** What the letters of each kind are about; `{lamp}` and the like are the customer's. */
const CARE_LETTERS: [subject: string, text: string][] = [
  [
    "Shade of lamp {lamp}, {order}",
    "Hello,\n\nI bought the lamp {lamp} for my {room}. The order is {order}. Its shade came in grey, and I had asked for white.\n\nCan you send me the right one to {town}?\n\nKind regards\n{name}",
  ],
  [
    "Invoice for {order}",
    "Good morning,\n\nI need an invoice for the order {order}, the lamp {lamp}. It has to show my address in {town}.\n\nThank you\n{name}",
  ],
  [
    "Where is order {order}?",
    "Hello,\n\nthe lamp {lamp} was to arrive in {town} last week. My {room} is still dark.\n\nPlease tell me where the order {order} is.\n\n{name}",
  ],
];
const REPAIR_LETTERS: [subject: string, text: string][] = [
  [
    "Flickering lamp, {order}",
    "Hello,\n\nmy lamp {lamp} in the {room} flickers when I touch the switch. The order was {order}.\n\nMay I send it in?\n\n{name}",
  ],
  [
    "Broken glass, {order}",
    "Dear team,\n\nthe glass of the lamp {lamp} broke when I moved it from the {room}. I live in {town} and would bring it myself.\n\nThe order was {order}.\n\n{name}",
  ],
];

const fill = (text: string, buyer: Buyer) =>
  text.replace(/\{(\w+)\}/g, (_, key: string) => buyer[key as keyof Buyer]);

const letter = (
  user: UserId,
  folder: string,
  buyer: Buyer,
  [subject, text]: [string, string],
  number: number,
  marks: Partial<Pick<Message, "seen" | "flagged">> = {},
): Message => ({
  id: `letter-${number}@post.example`,
  user,
  folder,
  from: { name: buyer.name, email: buyer.email },
  subject: fill(subject, buyer),
  text: fill(text, buyer),
  seen: false,
  flagged: false,
  ...marks,
});

const NEWS: [from: string, subject: string, text: string][] = [
  [
    "Glow Weekly",
    "Ten lamps for autumn",
    "Autumn is near. Here are ten lamps that everybody wants this year.",
  ],
  ["Bulb Bazaar", "Half price on bulbs", "Only today: every bulb at half its price."],
  ["Packing World", "Boxes of every size", "Our boxes are strong, light and cheap."],
  ["Trade Fair North", "Your stand at the fair", "A stand in hall three is still free."],
];

export const messages: readonly Message[] = [
  ...customers.map((buyer, i) =>
    letter("care", "INBOX", buyer, CARE_LETTERS[i % 3]!, 100 + i, { seen: i % 2 === 0 }),
  ),
  ...NEWS.map(([name, subject, text], i): Message => ({
    id: `news-${i}@news.example`,
    user: "care",
    folder: "INBOX",
    from: { name, email: `${name.toLowerCase().replaceAll(" ", "-")}@news.example` },
    subject,
    text,
    seen: i % 2 === 1,
    flagged: false,
  })),
  ...customers
    .slice(0, 4)
    .map((buyer, i) => letter("care", "Done", buyer, CARE_LETTERS[(i + 1) % 3]!, 200 + i, { seen: true })),
  ...customers.map((buyer, i) =>
    letter("repairs", "INBOX", buyer, REPAIR_LETTERS[i % 2]!, 300 + i, {
      seen: i % 3 === 0,
      flagged: i === 4,
    }),
  ),
  ...customers
    .slice(5, 8)
    .map((buyer, i) =>
      letter("repairs", "Workshop", buyer, REPAIR_LETTERS[(i + 1) % 2]!, 400 + i, { seen: true }),
    ),
];

export const folders: Readonly<Record<UserId, string[]>> = {
  care: ["Drafts", "Sent", "Junk", "Trash", "Done", "Invoices", "Shipping"],
  repairs: ["Drafts", "Sent", "Junk", "Trash", "Workshop", "Returned"],
};

const COLLEAGUES: [name: string, email: string][] = [
  ["Rolf Baker", "rolf.baker"],
  ["Suna Dahl", "suna.dahl"],
  ["Tess Arnold", "tess.arnold"],
  ["Uwe Larsen", "uwe.larsen"],
  ["Wanda Pike", "wanda.pike"],
  ["Yara Stone", "yara.stone"],
];
/** They are in the address book of both users. */
export const colleagues: Customer[] = COLLEAGUES.map(([name, local]) => ({
  name,
  email: `${local}@${DOMAIN}`,
}));

export const buyerOf = ({ from }: Message): Buyer => customers.find(({ email }) => email === from.email)!;

/** The message as a file of a mail box. */
export function mailText({ id, user, from, subject, text }: Message, date: Date): string {
  const { name } = USERS.find((each) => each.user === user)!;
  return [
    `Message-ID: <${id}>`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `From: ${from.name} <${from.email}>`,
    `To: ${name} <${user}@${DOMAIN}>`,
    `Subject: ${subject}`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=UTF-8",
    "",
    text,
    "",
  ].join("\r\n");
}
