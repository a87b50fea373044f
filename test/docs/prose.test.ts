/**
 * What can be checked of plain English, in docs and in the texts of the command line. CONTRIBUTING.md says the rest.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const below = (folder: string, ending: RegExp) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => ending.test(path))
    .map((path) => join(folder, path));

const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "CODE_OF_CONDUCT.md",
  ...["docs", "models", "examples"].flatMap((folder) => below(folder, /\.md$/)),
];
/** Shows turns of phrase that read as translated, on purpose. */
const GUIDE = "CONTRIBUTING.md";
const SOURCES = below("src", /(?<!\.test)\.tsx?$/);

/** Turns of phrase that read as if translated, with what to write. */
const TRANSLATED: [phrase: RegExp, instead: string][] = [
  [/\b(?:an|for|of|from) own (?:site|suite|application)s?\b/gi, "your own site"],
  [/\bfrom which on\b/gi, "when … is at least"],
  [/\bthat are no new ones\b/gi, "that are not new"],
  [/\bin the place of\b/gi, "instead of"],
  [/\bfor no trouble with\b/gi, "never … because of"],
  [/\b(?:was|were|is) not come to\b/gi, "was not reached"],
  [/\bwhich is no number\b/gi, "which is not a number"],
];

test("no page, message or comment has a turn of phrase that reads as translated", () => {
  const found = [...PAGES, ...SOURCES].flatMap((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    return TRANSLATED.flatMap(([phrase, instead]) =>
      [...text.matchAll(phrase)].map(([words]) => `${path}: "${words}"; write: ${instead}`),
    );
  });
  expect(found.filter((each) => !each.startsWith("src/bench/injections/"))).toEqual([]);
});

test("prose in the docs has lines of at most 120 characters", () => {
  const long = [...PAGES, GUIDE]
    .filter((path) => !/zh-CN|commands\.md|settings\.md|^models/.test(path))
    .flatMap((path) => {
      const prose = readFileSync(join(ROOT, path), "utf8").replaceAll(/^ *```[\s\S]*?^ *```/gm, "");
      return prose
        .split("\n")
        .filter(
          (line) =>
            line.replaceAll(/\p{M}/gu, "").length > 120 &&
            !/^\s*(?:\||<|!\[|#)/.test(line) &&
            /\s\S/.test(line.slice(0, 120).trim()),
        )
        .filter((line) => !/`[^`]{80,}`|\]\([^)]{60,}\)/.test(line))
        .map((line) => `${path}: ${line.slice(0, 60)}…`);
    });
  expect(long).toEqual([]);
});
