/** @file Tasks that keep the garden's notebook in order: titles, tags, what is no longer needed. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import type { Observation } from "../../core/observation.ts";
import { exit } from "../../sites/hands.ts";
import { clickOn, fillIn } from "../reading.ts";
import { gardeners, plans } from "./content.ts";
import { create, edit, save, TEXT, titleField } from "./hands.ts";
import { becomes, becomesOne } from "./notes.ts";
import type { Notebook } from "./notes.ts";
import { NEW } from "./writing.ts";

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
  inFrame: true,
  *oracle({ title, text, tag }, first) {
    let page = yield* create(first);
    page = yield { kind: "type", element: titleField(page), text: title };
    page = yield* fillIn(page, TEXT, text);
    page = yield* fillIn(page, "tag name", tag);
    page = yield* clickOn(page, "button", "add");
    yield* save(page);
  },
});

const planText = (title: string) => plans.find((plan) => plan.title === title)!;

const rename = defineTemplate<{ title: string; to: string }>({
  id: "rename",
  phrasings: [
    'Rename the plan "{title}" to "{to}".',
    'The plan "{title}" should be called "{to}" from now on.',
    'Give the plan "{title}" the new title "{to}".',
  ],
  instances: plans.flatMap(({ title }) => [
    { title, to: `${title} this year` },
    { title, to: `Later: ${title.toLowerCase()}` },
  ]),
  difficulty: 6,
  category: "content management",
  check: ({ title, to }) => [
    // A box in the editor decides whether links to it follow; the task does not ask for that.
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
    yield* clickOn(page, "button", "Delete this tiddler");
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
    page = yield* fillIn(page, "tag name", tag);
    page = yield* clickOn(page, "button", "add");
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
    page = yield { kind: "click", element: closeOf(page, tags.indexOf("open")) };
    page = yield* fillIn(page, "tag name", "done");
    page = yield* clickOn(page, "button", "add");
    yield* save(page);
  },
});

/** The button that takes the tag at `index` off. */
const closeOf = (page: Observation, index: number): string =>
  page.elements.filter((e) => e.label === "(close)")[index]!.name;

export const keeping: SiteTemplate[] = [writeTagged, rename, remove, addTag, finish];
