/** @file Tasks that keep the mail in order: folders, flags, contacts, signatures. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { clickOn, fillIn, reach, readUntil } from "../reading.ts";
import { colleagues, DOMAIN, messages } from "./content.ts";
import type { UserId } from "./content.ts";
import { body, leaveFor, openLetter, use } from "./hands.ts";
import { letterOf, letters } from "./lookups.ts";
import { unreadAtFirst } from "./state.ts";
import type { MailChecks, Post } from "./state.ts";

/** Puts a letter of the inbox into another folder. */
function moveIn({ boxes }: Post, user: UserId, subject: string, folder: string): void {
  const { id } = letterOf(subject);
  boxes[user][folder]![id] = boxes[user]["INBOX"]![id]!;
  delete boxes[user]["INBOX"]![id];
}

const move = ({ becomes }: MailChecks) =>
  defineTemplate<{ subject: string; folder: string }>({
    id: "move",
    phrasings: [
      'Move the letter "{subject}" to the folder "{folder}".',
      'The letter "{subject}" belongs into "{folder}". Put it there.',
      'Take "{subject}" out of the inbox and file it under "{folder}".',
    ],
    instances: letters("care").flatMap(({ subject }) =>
      ["Invoices", "Shipping", "Done"].map((folder) => ({ subject, folder })),
    ),
    difficulty: 5,
    category: "customer service",
    user: "care",
    check: ({ subject, folder }) => [becomes((post) => moveIn(post, "care", subject, folder))],
    *oracle({ subject, folder }, first) {
      let page = yield* openLetter(first, subject);
      page = yield* use(page, "More");
      page = yield* use(page, "Move to...");
      page = yield* use(page, folder);
      yield* readUntil(page, /Message\(s\) moved successfully/);
      yield exit();
    },
  });

const flag = ({ becomes }: MailChecks) =>
  defineTemplate<{ user: UserId; subject: string }>({
    id: "flag",
    phrasings: [
      'Flag the letter "{subject}".',
      'Mark "{subject}" with a flag, so that I find it again.',
      'The letter "{subject}" is important. Flag it.',
    ],
    instances: (["care", "repairs"] as const).flatMap((user) =>
      letters(user)
        .filter(({ flagged }) => !flagged)
        .map(({ subject }) => ({ user, subject })),
    ),
    difficulty: 4,
    category: "navigation",
    user: ({ user }) => user,
    check: ({ user, subject }) => [
      becomes(({ boxes }) => void (boxes[user]["INBOX"]![letterOf(subject).id] = "flagged")),
    ],
    *oracle({ subject }, first) {
      let page = yield* openLetter(first, subject);
      page = yield* use(page, "Mark");
      page = yield* use(page, "As flagged");
      yield* readUntil(page, /marked successfully/);
      yield exit();
    },
  });

const unread = ({ becomes }: MailChecks) =>
  defineTemplate<{ subject: string }>({
    id: "mark-unread",
    phrasings: [
      'Mark the letter "{subject}" as unread.',
      'I have to read "{subject}" again. Make it unread.',
      'Set "{subject}" back to unread.',
    ],
    instances: letters("repairs")
      .filter(({ seen }) => seen)
      .map(({ subject }) => ({ subject })),
    difficulty: 4,
    category: "navigation",
    user: "repairs",
    check: ({ subject }) => [
      becomes((post) => {
        post.unread = unreadAtFirst();
        post.unread.repairs = [...post.unread.repairs, letterOf(subject).id].sort();
      }),
    ],
    *oracle({ subject }, first) {
      let page = yield* openLetter(first, subject);
      page = yield* use(page, "Mark");
      page = yield* use(page, "As unread");
      yield* readUntil(page, /marked successfully/);
      yield exit();
    },
  });

const remove = ({ becomes }: MailChecks) =>
  defineTemplate<{ subject: string }>({
    id: "delete-mail",
    phrasings: [
      'Delete the mail "{subject}".',
      'The mail "{subject}" is only advertising. Move it to the trash.',
      'Throw "{subject}" away.',
    ],
    instances: messages.filter(({ id }) => id.startsWith("news")).map(({ subject }) => ({ subject })),
    difficulty: 3,
    category: "navigation",
    user: "care",
    check: ({ subject }) => [becomes((post) => moveIn(post, "care", subject, "Trash"))],
    *oracle({ subject }, first) {
      let page = yield* openLetter(first, subject);
      page = yield* use(page, "Delete");
      yield* readUntil(page, /moved to Trash|moved successfully/);
      yield exit();
    },
  });

const PEOPLE = [
  ["Petra Novak", "petra.novak@supplier.example"],
  ["Quentin Moss", "quentin.moss@supplier.example"],
  ["Ruth Abel", "ruth.abel@supplier.example"],
  ["Stefan Crow", "stefan.crow@supplier.example"],
  ["Tina Vogel", "tina.vogel@supplier.example"],
] as const;

const addContact = ({ becomes }: MailChecks) =>
  defineTemplate<{ name: string; email: string }>({
    id: "new-contact",
    phrasings: [
      "Add {name} to my contacts. The address is {email}.",
      "Put {name} with the address {email} into the address book.",
      "Make a contact of {name}, {email}.",
    ],
    instances: PEOPLE.map(([name, email]) => ({ name, email })),
    difficulty: 7,
    category: "form filling",
    user: "care",
    check: ({ name, email }) => [becomes(({ contacts }) => void (contacts.care[name] = email))],
    inFrame: true,
    *oracle({ name, email }, first) {
      const [firstName, lastName] = name.split(" ");
      let page = yield* leaveFor(first, "Contacts");
      page = yield* use(page, "Create");
      page = yield* fillIn(page, "First Name", firstName!);
      page = yield* fillIn(page, "Last Name", lastName!);
      page = yield* fillIn(page, "Email", email);
      page = yield* use(page, "Save");
      yield* readUntil(page, /Successfully saved/);
      yield exit();
    },
  });

const changeContact = ({ becomes }: MailChecks) =>
  defineTemplate<{ name: string; email: string }>({
    id: "change-contact",
    phrasings: [
      "The address of {name} has changed to {email}. Correct it in my contacts.",
      "Set the e-mail address of my contact {name} to {email}.",
      "In the address book, {name} should have the address {email}.",
    ],
    instances: colleagues.map(({ name }) => ({
      name,
      email: `${name.split(" ")[1]!.toLowerCase()}.new@${DOMAIN}`,
    })),
    difficulty: 7,
    category: "form filling",
    user: "repairs",
    check: ({ name, email }) => [becomes(({ contacts }) => void (contacts.repairs[name] = email))],
    inFrame: true,
    *oracle({ name, email }, first) {
      let page = yield* leaveFor(first, "Contacts");
      page = yield* clickOn(page, "option", name);
      page = yield* clickOn(page, "button", "Edit");
      page = yield* fillIn(page, "Email", email);
      page = yield* use(page, "Save");
      yield* readUntil(page, /Successfully saved/);
      yield exit();
    },
  });

const SIGNATURES = [
  "Warm regards, Lena Marsh",
  "Lena Marsh, customer care, Halden Lamps",
  "Light is our trade. Lena",
  "Lena Marsh (in the office until four)",
];

const signature = ({ becomes }: MailChecks) =>
  defineTemplate<{ text: string }>({
    id: "signature",
    phrasings: [
      'Give my identity the signature "{text}"',
      'I want "{text}" below my mails. Set it as the signature.',
      'Set my signature to "{text}"',
    ],
    instances: SIGNATURES.map((text) => ({ text })),
    difficulty: 6,
    category: "form filling",
    user: "care",
    check: ({ text }) => [becomes(({ identities }) => void (identities.care.signature = text))],
    inFrame: true,
    *oracle({ text }, first) {
      let page = yield* leaveFor(first, "Settings");
      page = yield* use(page, "Identities");
      page = yield* clickOn(page, "option", /Lena Marsh/);
      page = yield* reach(page, "textbox", "Display Name");
      page = yield { kind: "type", element: body(page).name, text };
      page = yield* use(page, "Save");
      yield* readUntil(page, /Successfully saved/);
      yield exit();
    },
  });

const RESPONSES = [
  ["Thanks", "Thank you for your letter. We answer within two days."],
  ["Closed", "Our house is closed until the second of January."],
  ["Return", "Please send the lamp in its box to our repairs."],
  ["Invoice", "The invoice is on its way to you."],
] as const;

const response = ({ becomes }: MailChecks) =>
  defineTemplate<{ name: string; text: string }>({
    id: "canned-response",
    phrasings: [
      'Make a response called "{name}" with the text "{text}"',
      'Save "{text}" as a canned response under the name "{name}".',
      'In the settings, add the response "{name}": "{text}"',
    ],
    instances: RESPONSES.flatMap(([name]) => RESPONSES.map(([, text]) => ({ name, text }))),
    difficulty: 7,
    category: "form filling",
    user: "repairs",
    check: ({ name, text }) => [becomes(({ responses }) => void (responses.repairs[name] = text))],
    inFrame: true,
    *oracle({ name, text }, first) {
      let page = yield* leaveFor(first, "Settings");
      page = yield* use(page, "Responses");
      page = yield* use(page, "Create");
      page = yield* fillIn(page, "Name", name);
      page = yield { kind: "type", element: body(page).name, text };
      page = yield* use(page, "Save");
      yield* readUntil(page, /Successfully saved/);
      yield exit();
    },
  });

const NEW_FOLDERS = [
  ["Complaints", "Suppliers"],
  ["Praise", "Glass"],
  ["Urgent", "Later"],
  ["Letters to frame", "Spare parts"],
] as const;

const newFolder = ({ becomes }: MailChecks) =>
  defineTemplate<{ user: UserId; folder: string }>({
    id: "new-folder",
    phrasings: [
      'Make a new folder "{folder}" for my mail.',
      'I need a mail folder called "{folder}". Create it at the top level.',
      'Add the folder "{folder}" to my mail box.',
    ],
    instances: NEW_FOLDERS.flatMap(([care, repairs]) => [
      { user: "care", folder: care },
      { user: "repairs", folder: repairs },
    ]),
    difficulty: 6,
    category: "form filling",
    user: ({ user }) => user,
    check: ({ user, folder }) => [becomes(({ boxes }) => void (boxes[user][folder] = {}))],
    inFrame: true,
    *oracle({ folder }, first) {
      let page = yield* leaveFor(first, "Settings");
      page = yield* use(page, "Folders");
      page = yield* use(page, "Create");
      page = yield* fillIn(page, "Folder name", folder);
      page = yield* use(page, "Save");
      yield* readUntil(page, /Folder created successfully/);
      yield exit();
    },
  });

export const keeping = (checks: MailChecks): SiteTemplate[] =>
  [move, flag, unread, remove, addContact, changeContact, signature, response, newFolder].map((template) =>
    template(checks),
  );
