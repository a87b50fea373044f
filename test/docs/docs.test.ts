import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { referencePages } from "../../scripts/docs/reference.ts";
import { commandsIn, faultOf } from "../../scripts/docs/commands-in.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const below = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(folder, path));

const PAGES = [
  ...readdirSync(ROOT).filter((path) => path.endsWith(".md")),
  ...["docs", "examples", "models"].flatMap((folder) => below(folder, ".md")),
].toSorted();

test.each(Object.entries(referencePages()))("%s is what the code says", (path, text) => {
  expect(read(path), "Run `npm run docs`.").toBe(text);
});

test("every link leads somewhere", () => {
  const dead = PAGES.flatMap((page) =>
    links(read(page))
      .filter((target) => !leadsSomewhere(page, target))
      .map((target) => `${page}: ${target}`),
  );
  expect(dead).toEqual([]);
});

test("every command that a page, a message or a comment speaks of exists", () => {
  const sources = [...below("src", ".ts"), ...below("src", ".tsx")].filter(
    (path) => !path.includes(".test."),
  );
  const faults = [...PAGES, ...sources].flatMap((path) =>
    commandsIn(read(path).replaceAll("\\`", "`")).flatMap((command) => {
      const fault = faultOf(command);
      return fault === null ? [] : [`${path}: ${fault}`];
    }),
  );
  expect(faults).toEqual([]);
});

test("the index of the docs names every page", () => {
  const index = links(read("docs/README.md")).map((to) => join("docs", to));
  const pages = below("docs", ".md").filter((path) => !/^docs\/(log\/|decisions\/|README)/.test(path));
  expect(pages.filter((path) => !index.includes(path))).toEqual([]);
});

test("the log names every entry with its date, oldest first, and nothing else", () => {
  const index = links(read("docs/log.md")).map((to) => to.replace(/^log\//, ""));
  expect(index.toSorted((a, b) => a.slice(0, 10).localeCompare(b.slice(0, 10)))).toEqual(index);
  expect(index.toSorted()).toEqual(readdirSync(join(ROOT, "docs/log")).toSorted());
});

/** Targets of the links and pictures of a page that lead into this repository. */
function links(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to!).filter((to) => !/^[a-z]+:/.test(to));
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path, anchor] = target.split("#") as [string, string?];
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(join(ROOT, file))) return false;
  return anchor === undefined || anchors(read(file)).has(anchor);
}

/** Names of a page's headings, as GitHub makes them. */
function anchors(markdown: string): Set<string> {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.+)$/gm);
  const found = new Set<string>();
  for (const [, heading] of headings) {
    const name = heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, "")
      .replaceAll(" ", "-");
    let unique = name;
    for (let n = 1; found.has(unique); n++) unique = `${name}-${n}`;
    found.add(unique);
  }
  return found;
}
