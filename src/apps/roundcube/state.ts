/** @file The mail boxes and the database as their files have them, and checks of what has become of them. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../../sites/define-site.ts";
import type { SiteCheck } from "../../sites/define-site.ts";
import { queryDatabase } from "../sqlite.ts";
import { messages, USERS } from "./content.ts";
import type { UserId } from "./content.ts";
import { parseMail } from "./parse-mail.ts";

/** A mail that was written here. */
export interface Written {
  /** Addresses, of copies as well. */
  to: string[];
  subject: string;
  /** What was written, without what is quoted and without white space at the ends. */
  text: string;
  /** The letter that it answers. */
  answers: string | null;
  /** The letter that it passes on. */
  forwards: string | null;
}

/**
 * What a task may change. Whether a letter was read counts only if a task says so; what was sent is no longer a draft.
 */
export interface Post {
  sent: Written[];
  drafts: Record<UserId, Written[]>;
  /** Letters and their marks by folder, such as `{ "letter-100@post.example": "flagged" }`. */
  boxes: Record<UserId, Record<string, Record<string, string>>>;
  /** Letters that are not read yet; unset if that does not count. */
  unread?: Record<UserId, string[]>;
  /** Addresses by name. */
  contacts: Record<UserId, Record<string, string>>;
  groups: Record<UserId, string[]>;
  identities: Record<UserId, { name: string; organization: string; signature: string }>;
  responses: Record<UserId, Record<string, string>>;
}

const LETTERS = new Set(messages.map(({ id }) => id));
const USER_IDS = USERS.map(({ user }) => user);
const forUsers = <T>(make: (user: UserId, index: number) => T): Record<UserId, T> =>
  Object.fromEntries(USER_IDS.map((user, index) => [user, make(user, index + 1)])) as Record<UserId, T>;

const QUERIES = {
  contacts: "SELECT user_id, name, email FROM contacts WHERE del = 0",
  groups:
    "SELECT g.user_id, g.name AS grp, c.name FROM contactgroups g JOIN contactgroupmembers USING (contactgroup_id) JOIN contacts c USING (contact_id) WHERE g.del = 0 AND c.del = 0",
  identities: "SELECT user_id, name, organization, signature, email FROM identities WHERE del = 0",
  responses: "SELECT user_id, name, data FROM responses WHERE del = 0",
};

/** Reads the mail of the copy whose data are in this folder. */
async function readPost(folder: string): Promise<Required<Post>> {
  const rows = await queryDatabase(join(folder, "mail.sqlite"), QUERIES);
  const of = (all: (typeof rows)["contacts"], id: number) => all.filter((row) => row["user_id"] === id);
  const pairs = (all: (typeof rows)["contacts"], key: string, value: string) =>
    Object.fromEntries(all.map((row) => [String(row[key]), String(row[value] ?? "")]));
  const boxes = new Map(
    await Promise.all(
      USER_IDS.map(async (user) => [user, await readBoxes(join(folder, "boxes", user))] as const),
    ),
  );
  const names = (await readdir(join(folder, "outbox"))).sort();
  const sent = await Promise.all(
    names.map(async (name) => written(await readFile(join(folder, "outbox", name), "utf8"))),
  );
  return {
    sent,
    drafts: forUsers((user) => boxes.get(user)!.drafts),
    boxes: forUsers((user) => boxes.get(user)!.letters),
    unread: forUsers((user) => boxes.get(user)!.unread.sort()),
    contacts: forUsers((_, id) => pairs(of(rows.contacts, id), "name", "email")),
    groups: forUsers((_, id) =>
      of(rows.groups, id)
        .map((row) => `${row["grp"]}: ${row["name"]}`)
        .sort(),
    ),
    identities: forUsers((_, id) => {
      const [first, ...more] = of(rows.identities, id);
      const text = (key: string) => tidy(String(first?.[key] ?? ""));
      return {
        name: text("name") + more.map((row) => `, ${row["name"]}`).join(""),
        organization: text("organization"),
        signature: text("signature"),
      };
    }),
    responses: forUsers((_, id) => pairs(of(rows.responses, id), "name", "data")),
  };
}

async function readBoxes(folder: string) {
  const letters: Record<string, Record<string, string>> = {};
  const drafts: Written[] = [];
  const unread: string[] = [];
  const subfolders = (await readdir(folder)).filter((name) => /^\.[^.]/.test(name));
  for (const name of ["", ...subfolders]) {
    const title = name === "" ? "INBOX" : name.slice(1);
    const found: Record<string, string> = (letters[title] = {});
    for (const file of await readMaildir(join(folder, name))) {
      const [, marks = ""] = file.split(":2,");
      if (marks.includes("T")) continue;
      const text = await readFile(file, "utf8");
      const id = parseMail(text).headers["message-id"]?.replace(/^<|>$/g, "") ?? "";
      if (LETTERS.has(id)) {
        found[id] = marks.includes("F") ? "flagged" : "";
        if (!marks.includes("S")) unread.push(id);
      } else if (title === "Drafts") drafts.push(written(text));
      // A mail that was sent is in the outbox, and its copy is not counted again.
      else if (title !== "Sent" && title !== "Trash") found[`a mail of one's own`] = "";
    }
  }
  return { letters, drafts, unread };
}

async function readMaildir(folder: string): Promise<string[]> {
  const lists = await Promise.all(
    ["cur", "new"].map(async (part) => {
      try {
        return (await readdir(join(folder, part))).map((name) => join(folder, part, name));
      } catch (error) {
        // Dovecot makes these folders when it needs them.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}

const tidy = (text: string) => text.replace(/\s+/g, " ").trim();

function written(mail: string): Written {
  const { headers, text } = parseMail(mail);
  const addresses = ["to", "cc", "bcc"].flatMap((name) => headers[name]?.match(/[\w.+-]+@[\w.-]+/g) ?? []);
  const [own, forwarded] = text.split(/^-+ ?(?:Original|Forwarded) Message ?-+$/im);
  const passedOn =
    forwarded === undefined ? undefined : messages.find((each) => tidy(forwarded).includes(tidy(each.text)));
  return {
    to: addresses.sort(),
    subject: headers["subject"] ?? "",
    text: tidy(
      own!
        .replace(/^On [^>]*? wrote:$/ms, "")
        .split("\n")
        .filter((line) => !line.startsWith(">"))
        .join("\n"),
    ),
    // Roundcube names the letter in this header, too, when it passes it on.
    answers: passedOn ? null : (/<([^>]+)>/.exec(headers["in-reply-to"] ?? "")?.[1] ?? null),
    forwards: passedOn?.id ?? null,
  };
}

export interface MailChecks {
  /** The mail is the initial one after one of the changes, and nothing else changed. */
  becomes: (...changes: ((post: Post) => void)[]) => SiteCheck;
  expectNoChange: () => SiteCheck;
}

/** The page's own requests may still be under way when an episode ends. */
const SAVED_MS = 1000;

/** `prepared`: the folder of the initial data; `dataOf`: the present folder of a copy's data. */
export function mailChecks(prepared: string, dataOf: (port: number) => Promise<string>): MailChecks {
  let beginning: Promise<Required<Post>> | undefined;
  const becomes: MailChecks["becomes"] = (...changes) => {
    return async ({ port }) => {
      beginning ??= readPost(prepared);
      const { unread: _, ...start } = await beginning;
      const ways = changes.map((change) => {
        const wanted: Post = structuredClone(start);
        change(wanted);
        return wanted;
      });
      return eventually(SAVED_MS, async () => {
        const got = await readPost(await dataOf(port));
        const reasons = ways.map((wanted) => differences(wanted, got));
        return reasons.some((each) => each.length === 0) ? [] : reasons[0]!.slice(0, 4);
      });
    };
  };
  return { becomes, expectNoChange: () => becomes(() => {}) };
}

/** Letters that are unread at the beginning. */
export const unreadAtFirst = (): Record<UserId, string[]> =>
  forUsers((user) =>
    messages
      .filter((each) => each.user === user && !each.seen)
      .map(({ id }) => id)
      .sort(),
  );

function differences(wanted: Post, got: Required<Post>): string[] {
  return (Object.keys(wanted) as (keyof Post)[]).flatMap((kind) => {
    const [expected, found] = [canonical(wanted[kind]), canonical(got[kind])];
    if (expected === found) return [];
    const before = new Set(expected.split("\n"));
    const after = new Set(found.split("\n"));
    const missing = [...before].filter((line) => !after.has(line));
    const more = [...after].filter((line) => !before.has(line));
    return [`${kind}: expected ${missing.join(", ") || "nothing more"}, got ${more.join(", ") || "nothing"}`];
  });
}

/** One line for each thing in it, ordered by name. */
function canonical(value: unknown, path = ""): string {
  if (Array.isArray(value)) return value.map((item) => `${path} ${JSON.stringify(item)}`).join("\n");
  if (value === null || typeof value !== "object" || Object.keys(value).length === 0)
    return `${path} ${JSON.stringify(value)}`;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => canonical(each, `${path}/${key}`))
    .join("\n");
}
