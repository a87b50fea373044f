/** @file Tasks that write mails: answers, mails passed on, new ones, drafts. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit, selectText } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import type { Observation } from "../../core/observation.ts";
import { fillIn, readUntil } from "../reading.ts";
import { colleagues } from "./content.ts";
import { body, awaitComposeForm, leaveFor, openLetter, recipients, send, use } from "./hands.ts";
import { letterOf, letters } from "./lookups.ts";
import type { MailChecks, Written } from "./state.ts";

const ANSWERS = [
  "The parcel leaves our house tomorrow.",
  "We are sorry. You hear from us on Monday.",
  "Please send us a photograph of the lamp.",
];

/** A mail that answers nothing and passes nothing on. */
const plain = (to: string, subject: string, text: string): Written => ({
  to: [to],
  subject,
  text,
  answers: null,
  forwards: null,
});

const reply = ({ becomes }: MailChecks) =>
  defineTemplate<{ subject: string; name: string; text: string }>({
    id: "reply",
    phrasings: [
      'Answer the letter "{subject}" by {name} with this text: {text}',
      '{name} wrote "{subject}". Reply: {text}',
      'Write back to {name} about "{subject}": {text}',
    ],
    instances: letters("care").flatMap(({ subject, from }) =>
      ANSWERS.map((text) => ({ subject, name: from.name, text })),
    ),
    difficulty: 5,
    category: "customer service",
    user: "care",
    check: ({ subject, text }) => {
      const { id, from } = letterOf(subject);
      return [
        becomes(({ sent }) => void sent.push({ ...plain(from.email, `Re: ${subject}`, text), answers: id })),
      ];
    },
    *oracle({ subject, text }, first) {
      let page = yield* openLetter(first, subject);
      page = yield* use(page, "Reply");
      page = yield* awaitComposeForm(page);
      page = yield { kind: "insert", element: body(page).name, text: `\n${text}` };
      yield* send(page);
    },
  });

const NOTES = ["Can you take this over?", "Please call this customer today.", "For your list."];

const forward = ({ becomes }: MailChecks) =>
  defineTemplate<{ subject: string; to: string; text: string }>({
    id: "forward",
    phrasings: [
      'Forward the letter "{subject}" to {to}, with this note above it: {text}',
      'Pass "{subject}" on to {to}. Write above it: {text}',
      '{to} must see the letter "{subject}". Forward it and put this first: {text}',
    ],
    instances: letters("repairs").flatMap(({ subject }, i) =>
      NOTES.map((text, j) => ({ subject, to: colleagues[(i + j) % colleagues.length]!.email, text })),
    ),
    difficulty: 6,
    category: "customer service",
    user: "repairs",
    check: ({ subject, to, text }) => [
      becomes(
        ({ sent }) =>
          void sent.push({ ...plain(to, `Fwd: ${subject}`, text), forwards: letterOf(subject).id }),
      ),
    ],
    *oracle({ subject, to, text }, first) {
      let page = yield* openLetter(first, subject);
      page = yield* use(page, "Forward");
      page = yield* awaitComposeForm(page);
      page = yield { kind: "type", element: recipients(page).name, text: to };
      // The note goes before what is passed on.
      page = yield selectText(MARK, body(page));
      page = yield { kind: "insert", element: body(page).name, text: `${text}\n\n${MARK}` };
      yield* send(page);
    },
  });
const MARK = "-------- Original Message";

const SUBJECTS = [
  ["Stock of shades", "How many white shades are left?"],
  ["Meeting on Friday", "The meeting begins at ten."],
  ["Delivery van", "The van is in the garage until Tuesday."],
] as const;
const MAILS = colleagues.flatMap(({ email }) =>
  SUBJECTS.map(([subject, text]) => ({ to: email, subject, text })),
);

/** Fills in the form of a new mail. */
function* fillForm(first: Observation, { to, subject, text }: (typeof MAILS)[number]): Stretch {
  let page = yield* leaveFor(first, "Compose");
  page = yield* awaitComposeForm(page);
  page = yield { kind: "type", element: recipients(page).name, text: to };
  page = yield* fillIn(page, /^Subject/, subject);
  return yield { kind: "type", element: body(page).name, text };
}

const write = ({ becomes }: MailChecks) =>
  defineTemplate<(typeof MAILS)[number]>({
    id: "new-mail",
    phrasings: [
      'Send {to} a mail with the subject "{subject}" and the text "{text}"',
      'Write to {to}. Subject: "{subject}". Text: "{text}"',
      'A mail to {to}, please: "{subject}", and in it: "{text}"',
    ],
    instances: MAILS,
    difficulty: 6,
    category: "collaboration",
    user: "care",
    check: ({ to, subject, text }) => [becomes(({ sent }) => void sent.push(plain(to, subject, text)))],
    *oracle(mail, first) {
      const page = yield* fillForm(first, mail);
      yield* send(page);
    },
  });

const draft = ({ becomes }: MailChecks) =>
  defineTemplate<(typeof MAILS)[number]>({
    id: "draft",
    phrasings: [
      'Write a draft to {to} with the subject "{subject}" and the text "{text}" and save it. Do not send it.',
      'Save a mail to {to} as a draft, not sent yet. Subject: "{subject}". Text: "{text}"',
      'Prepare a mail to {to}, "{subject}", saying "{text}". It only goes to the drafts.',
    ],
    instances: MAILS,
    difficulty: 6,
    category: "collaboration",
    user: "repairs",
    check: ({ to, subject, text }) => [
      becomes(({ drafts }) => void drafts.repairs.push(plain(to, subject, text))),
    ],
    *oracle(mail, first) {
      let page = yield* fillForm(first, mail);
      page = yield* use(page, "Save");
      yield* readUntil(page, /Message saved to Drafts/);
      yield exit();
    },
  });

export const writing = (checks: MailChecks): SiteTemplate[] =>
  [reply, forward, write, draft].map((template) => template(checks));
