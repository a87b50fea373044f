/** @file The wiki's notes as its server has them, and checks of what has become of them. */

import type { SiteCheck, SiteFinished } from "../../sites/define-site.ts";
import { eventually } from "../../sites/define-site.ts";
import { Fault } from "../../core/errors.ts";
import { NOTES, SITE_SUBTITLE, SITE_TITLE } from "./content.ts";

/** A filter that leaves out what the application itself is made of. */
const OWN = "!has[plugin-type]!prefix[$:/boot/]!prefix[$:/library/]!prefix[$:/core]";

/** Everything that was written, with texts: notes, settings, drafts. */
export async function allNotes(http: (path: string) => Promise<Response>): Promise<Record<string, string>[]> {
  const filter = encodeURIComponent(`[all[tiddlers]${OWN}]`);
  const path = `/recipes/default/tiddlers.json?exclude=bag&filter=${filter}`;
  const response = await http(path);
  if (!response.ok)
    throw new Fault("site_down", `the notes: ${path} answered ${response.status}`, { retryable: true });
  return (await response.json()) as Record<string, string>[];
}

/** What a note is for a task: who saved it and when does not count. */
export interface Kept {
  text: string;
  tags: string[];
  fields: Record<string, string>;
}

export type Notebook = Record<string, Kept>;

const NOT_COUNTED = new Set([
  "title",
  "text",
  "tags",
  "type",
  "bag",
  "revision",
  "created",
  "creator",
  "modified",
  "modifier",
]);

const start = (): Notebook =>
  Object.fromEntries([
    ...NOTES.map(({ title, text, tags, fields }) => [title, { text, tags: [...tags].sort(), fields }]),
    ["$:/SiteTitle", { text: SITE_TITLE, tags: [], fields: {} }],
    ["$:/SiteSubtitle", { text: SITE_SUBTITLE, tags: [], fields: {} }],
  ]) as Notebook;

/** `[[two words]] one` as a list. */
export const tagsOf = (text: string): string[] =>
  [...text.matchAll(/\[\[(.*?)\]\]|(\S+)/g)].map(([, inBrackets, word]) => inBrackets ?? word!).sort();

async function notebook({ http }: Pick<SiteFinished, "http">): Promise<Notebook> {
  const notes = await allNotes(http);
  return Object.fromEntries(
    notes
      // A draft is not yet a note.
      .filter(
        (note) =>
          !note["draft.of"] && (!note.title!.startsWith("$:/") || /Site(?:Subt|T)itle$/.test(note.title!)),
      )
      .map(({ title, text = "", tags = "", ...rest }) => [
        title!,
        {
          text,
          tags: tagsOf(tags),
          fields: Object.fromEntries(Object.entries(rest).filter(([key]) => !NOT_COUNTED.has(key))),
        },
      ]),
  );
}

/** The page saves a moment after a change. */
const SAVED_MS = 4000;

/** The notes are the initial ones after `change`, and nothing else changed. */
export const becomes = (change: (notes: Notebook) => void): SiteCheck => becomesOne(change);

/** The notes are the initial ones after one of the changes. The reasons are those of the first. */
export function becomesOne(...changes: ((notes: Notebook) => void)[]): SiteCheck {
  const ways = changes.map((change) => {
    const wanted = start();
    change(wanted);
    return wanted;
  });
  return async (finished) =>
    eventually(SAVED_MS, async () => {
      const got = await notebook(finished);
      const reasons = ways.map((wanted) => differences(wanted, got));
      return reasons.some((each) => each.length === 0) ? [] : reasons[0]!.slice(0, 4);
    });
}

function differences(wanted: Notebook, got: Notebook): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(got)])].flatMap((title) => {
    const [expected, found] = [wanted, got].map((notes) => plain(notes[title]));
    return expected === found ? [] : [`note ${JSON.stringify(title)}: expected ${expected}, got ${found}`];
  });
}

export const expectNoChange = (): SiteCheck => becomes(() => {});

/** Blanks at ends of lines and of the text, which an editor may leave, do not count. */
const plain = (note: Kept | undefined): string =>
  note === undefined
    ? "nothing"
    : JSON.stringify([
        note.text.replace(/[ \t]+$/gm, "").trim(),
        note.tags,
        Object.entries(note.fields).sort(([a], [b]) => (a < b ? -1 : 1)),
      ]);
