/**
 * @file What the help desk begins with: made up for this project. A library's desk, with its staff, members and
 * tickets.
 */

export const QUEUES: Readonly<Record<string, string>> = {
  Loans: "Books, cards and fees",
  Computers: "Catalogue, reading room terminals and the network",
  Rooms: "Study rooms and the hall",
  Events: "Readings, courses and tours",
};

export const BRANCHES = ["Harbour", "Mill", "North"] as const;

export interface Staff {
  id: string;
  name: string;
}
export const STAFF: readonly Staff[] = [
  { id: "nora", name: "Nora Velde" },
  { id: "tom", name: "Tom Askew" },
  { id: "ines", name: "Ines Park" },
  { id: "rafi", name: "Rafi Dole" },
];

export interface Member {
  id: string;
  name: string;
  email: string;
}
const member = (id: string, name: string): Member => ({ id, name, email: `${id}@readers.example` });
export const MEMBERS: readonly Member[] = [
  member("lena", "Lena Amaro"),
  member("jonas", "Jonas Brekke"),
  member("mira", "Mira Castell"),
  member("otto", "Otto Dunne"),
  member("pia", "Pia Ekholm"),
  member("samir", "Samir Fodor"),
  member("greta", "Greta Halloran"),
  member("ivo", "Ivo Jansky"),
  member("kaya", "Kaya Lindgren"),
  member("leo", "Leo Marchetti"),
];

export type Level = "Low" | "Medium" | "High";
export const LEVELS: Readonly<Record<Level, number>> = { Low: 0, Medium: 50, High: 100 };
export type Status = "new" | "open" | "stalled" | "resolved";

export interface Ticket {
  subject: string;
  queue: string;
  /** A member's id. */
  from: string;
  /** A staff member's id; `null`: nobody. */
  owner: string | null;
  status: Status;
  level: Level;
  branch: (typeof BRANCHES)[number];
  text: string;
  replies: readonly (readonly [by: string, text: string])[];
}

const ticket = (
  queue: string,
  subject: string,
  from: string,
  owner: string | null,
  status: Status,
  level: Level,
  branch: Ticket["branch"],
  text: string,
  ...replies: Ticket["replies"]
): Ticket => ({ queue, subject, from, owner, status, level, branch, text, replies });

/** Their numbers are their places, from 1. */
export const TICKETS: readonly Ticket[] = [
  ticket(
    "Loans",
    "Lost library card",
    "lena",
    null,
    "new",
    "Medium",
    "Harbour",
    "I lost my card on the ferry. My card number is 44017.",
  ),
  ticket(
    "Loans",
    "Fee for a book that I returned",
    "jonas",
    "nora",
    "open",
    "High",
    "Mill",
    "I am charged for The Salt Road, which I put into the night box. My card number is 41288.",
    ["nora", "We will look through the night box. You will hear from us by 14 March."],
  ),
  ticket(
    "Loans",
    "Renew three atlases",
    "mira",
    null,
    "new",
    "Low",
    "North",
    "May I keep the three atlases for another month? My card number is 40951.",
  ),
  ticket(
    "Loans",
    "Wrong author in my reservation",
    "otto",
    "tom",
    "stalled",
    "Low",
    "Harbour",
    "I reserved the poems of the older Hale, not of the younger. My card number is 45630.",
    ["tom", "The right volume is on loan. It is due back on 2 April."],
  ),
  ticket(
    "Loans",
    "Water damage in a cookbook",
    "pia",
    "nora",
    "open",
    "Medium",
    "Mill",
    "A pipe burst and the cookbook is wet. My card number is 42209.",
    ["nora", "Please dry it standing up. You can bring it to us until 21 March."],
  ),
  ticket(
    "Loans",
    "Borrow for a neighbour",
    "samir",
    null,
    "new",
    "Medium",
    "North",
    "My neighbour is ill. May I take her books home? My card number is 43874.",
  ),
  ticket(
    "Loans",
    "Card for my daughter",
    "greta",
    "ines",
    "resolved",
    "Low",
    "Harbour",
    "My daughter is seven and reads a lot. My card number is 40016.",
    ["ines", "The card is ready. You can fetch it from 9 March on."],
  ),
  ticket(
    "Loans",
    "Reminder came too late",
    "ivo",
    "rafi",
    "open",
    "High",
    "Mill",
    "The reminder came a week after the due date. My card number is 47742.",
    ["rafi", "The fee is cancelled. Your account will be right on 11 March."],
  ),
  ticket(
    "Loans",
    "Interlibrary loan from Tessaly",
    "kaya",
    null,
    "new",
    "High",
    "North",
    "I need the diary of a ship's cook from the library in Tessaly. My card number is 46105.",
  ),
  ticket(
    "Computers",
    "Catalogue shows no pictures",
    "leo",
    "tom",
    "open",
    "Low",
    "Harbour",
    "All covers are grey squares. I sit at terminal C4.",
    ["tom", "The picture server is being repaired. It will work again on 16 March."],
  ),
  ticket(
    "Computers",
    "Terminal does not start",
    "lena",
    null,
    "new",
    "High",
    "Mill",
    "The screen stays black. It is terminal A2.",
  ),
  ticket(
    "Computers",
    "Keyboard with sticky keys",
    "jonas",
    "rafi",
    "stalled",
    "Medium",
    "Mill",
    "Three keys stick. It is terminal B7.",
    ["rafi", "A new keyboard is ordered. It arrives on 30 March."],
  ),
  ticket(
    "Computers",
    "Cannot print double-sided",
    "mira",
    "tom",
    "open",
    "Medium",
    "North",
    "The printer ignores the setting. I print from terminal D1.",
    ["tom", "The driver is old. It will be replaced on 18 March."],
  ),
  ticket(
    "Computers",
    "Network drops every hour",
    "otto",
    null,
    "new",
    "High",
    "North",
    "My connection is gone at every full hour. I sit near terminal E9.",
  ),
  ticket(
    "Computers",
    "Password for the catalogue",
    "pia",
    "ines",
    "resolved",
    "Low",
    "Harbour",
    "I forgot my password for the catalogue. I last used terminal C2.",
    ["ines", "You have a new one in the post. It is valid until 28 March."],
  ),
  ticket(
    "Computers",
    "Headphones without sound",
    "samir",
    null,
    "new",
    "Low",
    "Mill",
    "Only the left side works. They belong to terminal A5.",
  ),
  ticket(
    "Computers",
    "Scanner cuts off the margin",
    "greta",
    "tom",
    "stalled",
    "Medium",
    "Harbour",
    "The right margin is missing in every scan. It is terminal F3.",
    ["tom", "We wait for a spare part. It comes on 8 April."],
  ),
  ticket(
    "Computers",
    "Large print for the screen",
    "ivo",
    "nora",
    "open",
    "High",
    "North",
    "I cannot read the small letters. I would like to use terminal D6.",
    ["nora", "The magnifier is being set up. It is there from 12 March on."],
  ),
  ticket(
    "Rooms",
    "Study room for six people",
    "kaya",
    null,
    "new",
    "Medium",
    "Harbour",
    "We are six and meet on Thursdays. We would like room 204.",
  ),
  ticket(
    "Rooms",
    "Heating too cold",
    "leo",
    "rafi",
    "open",
    "High",
    "Mill",
    "It has 15 degrees in here. I mean room 118.",
    ["rafi", "The valve is stuck. A plumber comes on 13 March."],
  ),
  ticket(
    "Rooms",
    "Projector in the hall",
    "lena",
    "ines",
    "open",
    "Low",
    "North",
    "Can we show a film? It is about room 301.",
    ["ines", "You can have the projector. Fetch the cable on 19 March."],
  ),
  ticket(
    "Rooms",
    "Loud neighbours",
    "jonas",
    null,
    "new",
    "Low",
    "Harbour",
    "Somebody plays the trumpet next door. I study in room 210.",
  ),
  ticket(
    "Rooms",
    "Key does not turn",
    "mira",
    "rafi",
    "stalled",
    "High",
    "Mill",
    "The key turns halfway only. It is the door of room 122.",
    ["rafi", "The locksmith is on holiday. He is back on 6 April."],
  ),
  ticket(
    "Rooms",
    "Move our booking",
    "otto",
    "nora",
    "open",
    "Medium",
    "North",
    "We have to move from Friday to Saturday. We booked room 305.",
    ["nora", "Saturday is free. The booking is moved to 15 March."],
  ),
  ticket(
    "Rooms",
    "Blinds are broken",
    "pia",
    null,
    "new",
    "Medium",
    "Harbour",
    "The sun blinds us all afternoon. It is room 207.",
  ),
  ticket(
    "Rooms",
    "Invoice for the hall",
    "samir",
    "ines",
    "resolved",
    "Medium",
    "Mill",
    "I need an invoice for our choir. We sang in room 300.",
    ["ines", "The invoice is in the post. Please pay until 25 March."],
  ),
  ticket(
    "Events",
    "Places in the bookbinding course",
    "greta",
    null,
    "new",
    "Medium",
    "North",
    "Are there places left? We are 4 people.",
  ),
  ticket(
    "Events",
    "Reading was too quiet",
    "ivo",
    "tom",
    "open",
    "Low",
    "Harbour",
    "In the last row nobody heard a word. We were 9 people.",
    ["tom", "There will be microphones. The next reading is on 20 March."],
  ),
  ticket(
    "Events",
    "Tour for a school class",
    "kaya",
    "nora",
    "open",
    "High",
    "Mill",
    "We would like to see the old magazine. We are 23 people.",
    ["nora", "We would love to have you. How about 17 March?"],
  ),
  ticket(
    "Events",
    "Cancel my course",
    "leo",
    "ines",
    "stalled",
    "Low",
    "North",
    "I broke my arm and cannot bind books. We were 2 people.",
    ["ines", "We are looking for somebody else. You will hear from us by 1 April."],
  ),
  ticket(
    "Events",
    "Story hour in two languages",
    "lena",
    null,
    "new",
    "High",
    "Harbour",
    "My children speak two languages. We are 3 people.",
  ),
  ticket(
    "Events",
    "Poster for the reading",
    "jonas",
    "rafi",
    "open",
    "Medium",
    "Mill",
    "May I hang one in my shop? We expect 30 people.",
    ["rafi", "Gladly. The posters are printed on 10 March."],
  ),
  ticket(
    "Events",
    "Chess evening on a holiday",
    "mira",
    "rafi",
    "resolved",
    "Low",
    "North",
    "Do we play on the holiday? We are 12 people.",
    ["rafi", "No, the house is closed. The next evening is on 24 March."],
  ),
  ticket(
    "Events",
    "Coffee at the book sale",
    "otto",
    null,
    "new",
    "Low",
    "Harbour",
    "I could bring my machine. It is enough for 60 people.",
  ),
];

export const numberOf = (one: Ticket): number => TICKETS.indexOf(one) + 1;
/** Everybody's password, used by this desk alone. */
export const PASSWORD = "larkmoor-desk";
