/** @file The wiki as its database has it, and checks of what has become of it. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../../sites/define-site.ts";
import type { SiteCheck } from "../../sites/define-site.ts";
import { queryDatabase } from "../sqlite.ts";

/** The file in a copy's folder that names the folder of its data. */
export const CURRENT = "current";

export interface WikiPage {
  /** Stays when a page is renamed. Unset if a task may make a new one. */
  id?: number;
  text: string;
  /** Who may do what, such as `{ edit: "sysop" }`. */
  protection: Record<string, string>;
}

/** What a task may change. Who edited and when does not count, nor do histories. */
export interface Wiki {
  /** By title, with the namespace before it. */
  pages: Record<string, WikiPage>;
  /** Titles by user, talk pages left out. */
  watched: Record<string, string[]>;
  groups: Record<string, string[]>;
  blocked: string[];
  realNames: Record<string, string>;
}

const NAMESPACES: Readonly<Record<number, string>> = {
  0: "",
  1: "Talk:",
  2: "User:",
  3: "User talk:",
  4: "Handbook:",
  14: "Category:",
  15: "Category talk:",
};

const QUERIES = {
  pages: `SELECT page_id, page_namespace, page_title, old_text FROM page JOIN slots ON slot_revision_id = page_latest
    JOIN content ON content_id = slot_content_id JOIN text ON 'tt:' || old_id = content_address`,
  protection: "SELECT pr_page, pr_type, pr_level FROM page_restrictions",
  users: "SELECT user_id, user_name, user_real_name FROM user",
  groups: "SELECT ug_user, ug_group FROM user_groups",
  watched: "SELECT wl_user, wl_namespace, wl_title FROM watchlist WHERE wl_namespace % 2 = 0",
  blocked: "SELECT ipb_address FROM ipblocks",
};

const titleOf = (namespace: unknown, key: unknown) =>
  (NAMESPACES[Number(namespace)] ?? `${String(namespace)}:`) + String(key).replaceAll("_", " ");

/** Reads the wiki whose data are in this folder. */
async function readWiki(folder: string): Promise<Wiki> {
  const rows = await queryDatabase(join(folder, "wiki.sqlite"), QUERIES);
  const names = new Map(rows.users.map((user) => [user["user_id"], String(user["user_name"])]));
  const ofUsers = (all: { id: unknown; value: string }[]) => {
    const lists: Record<string, string[]> = {};
    for (const { id, value } of all) (lists[names.get(id as number)!] ??= []).push(value);
    for (const list of Object.values(lists)) list.sort();
    return lists;
  };
  return {
    pages: Object.fromEntries(
      rows.pages.map((row) => [
        titleOf(row["page_namespace"], row["page_title"]),
        {
          id: Number(row["page_id"]),
          text: String(row["old_text"]),
          protection: Object.fromEntries(
            rows.protection
              .filter((each) => each["pr_page"] === row["page_id"])
              .map((each) => [String(each["pr_type"]), String(each["pr_level"])]),
          ),
        },
      ]),
    ),
    watched: ofUsers(
      rows.watched.map((row) => ({
        id: row["wl_user"],
        value: titleOf(row["wl_namespace"], row["wl_title"]),
      })),
    ),
    groups: ofUsers(rows.groups.map((row) => ({ id: row["ug_user"], value: String(row["ug_group"]) }))),
    blocked: rows.blocked.map((row) => String(row["ipb_address"])).sort(),
    realNames: Object.fromEntries(
      rows.users.map((row) => [String(row["user_name"]), String(row["user_real_name"] ?? "")]),
    ),
  };
}

export interface WikiChecks {
  /** The wiki is the initial one after one of the changes, and nothing else changed. */
  becomes: (...changes: ((wiki: Wiki) => void)[]) => SiteCheck;
  expectNoChange: () => SiteCheck;
}

/** The page's own requests may still be under way when an episode ends. */
const SAVED_MS = 1000;

/** `directory`: where the application is installed. */
export function wikiChecks(directory: string): WikiChecks {
  let beginning: Promise<Wiki> | undefined;
  const becomes: WikiChecks["becomes"] = (...changes) => {
    return async ({ port }) => {
      beginning ??= readWiki(join(directory, "prepared"));
      const start = await beginning;
      const ways = changes.map((change) => {
        const wanted = structuredClone(start);
        change(wanted);
        return wanted;
      });
      const copy = join(directory, "copies", String(port));
      const data = join(copy, await readFile(join(copy, CURRENT), "utf8"));
      return eventually(SAVED_MS, async () => {
        const got = await readWiki(data);
        const reasons = ways.map((wanted) => differences(wanted, got));
        return reasons.some((each) => each.length === 0) ? [] : reasons[0]!.slice(0, 4);
      });
    };
  };
  return { becomes, expectNoChange: () => becomes(() => {}) };
}

function differences(wanted: Wiki, got: Wiki): string[] {
  return (["pages", "watched", "groups", "realNames", "blocked"] as const).flatMap((kind) => {
    const [before, after] = [wanted[kind], got[kind]] as [Record<string, unknown>, Record<string, unknown>];
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
      const [expected, found] = [before[key], after[key]];
      return plain(expected, expected) === plain(found, expected)
        ? []
        : [`${kind}, ${key}: expected ${plain(expected, expected)}, got ${plain(found, expected)}`];
    });
  });
}

/** As the wiki writes `~~~~`. Whether an answer is signed does not count. */
const SIGNATURE = / *\[\[User:[^\]]+\]\] \(\[\[User talk:[^\]]+\]\]\) \d\d:\d\d, \d+ \w+ \d{4} \(UTC\)/g;

/** The page's id counts only where `like` has one. */
function plain(value: unknown, like: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null || typeof value !== "object" || Array.isArray(value)) return JSON.stringify(value);
  const { id, text, protection } = value as WikiPage;
  return JSON.stringify([
    ...((like as WikiPage | undefined)?.id === undefined ? [] : [id]),
    text
      .replace(SIGNATURE, "")
      .replace(/[ \t]+$/gm, "")
      .trim(),
    Object.entries(protection).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}
