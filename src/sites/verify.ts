/**
 * @file Checks of a finished episode, in the kinds that WebArena uses: answer, URL, page content, site state.
 * They compose by listing: all must pass. Those of answer, URL and page serve every site, the user's too; the state of
 * the built-in sites is compared in the data, and side effects count.
 */

import type { JsonValue } from "../core/task.ts";
import type { WorldState } from "./world-state.ts";

/** What a check knows at the end of an episode on any site. */
export interface Finished {
  /** The agent's answer; `null` if it never said `exit` with a message. */
  answer: string | null;
  url: string;
  /** Visible text of the last page, white space collapsed. */
  pageText: string;
}

/** Reasons why it failed, for people; none if it passed. */
export type Check = (finished: Finished) => string[];

/** What a check knows at the end of an episode on the built-in sites. */
export interface WorldFinished extends Finished {
  state: WorldState;
  /** The state as the episode found it. */
  initial: WorldState;
  /** Paths that never count as side effects. */
  volatile: readonly string[];
}

export type WorldCheck = (finished: WorldFinished) => string[];

/** Lower case, accents and outer quotes removed, white space collapsed, final period and thousands commas dropped. */
function normalise(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/(\d),(?=\d{3}\b)/g, "$1")
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2")
    .replace(/\.$/, "")
    .trim()
    .toLowerCase();
}

const quoteAnswer = (answer: string | null) => (answer === null ? "no answer" : JSON.stringify(answer));

/** The answer, normalised, is one of `references`. Amounts match with or without currency sign and trailing `.00`. */
export function answerIs(...references: string[]): Check {
  const bare = (text: string) =>
    normalise(text)
      .replace(/^[$€£]\s*/, "")
      .replace(/^(\d+)\.00$/, "$1");
  return ({ answer }) =>
    answer !== null && references.some((reference) => bare(reference) === bare(answer))
      ? []
      : [
          `expected the answer ${references.map((r) => JSON.stringify(r)).join(" or ")}, got ${quoteAnswer(answer)}`,
        ];
}

/** The answer contains every reference, as whole words. */
export function answerIncludes(...references: string[]): Check {
  return ({ answer }) => {
    const text = ` ${normalise(answer ?? "").replace(/[^\p{L}\p{N}.$%/:@#-]+/gu, " ")} `;
    return references
      .filter(
        (r) =>
          !text.includes(
            ` ${normalise(r)
              .replace(/[^\p{L}\p{N}.$%/:@#-]+/gu, " ")
              .trim()} `,
          ),
      )
      .map((r) => `expected the answer to contain ${JSON.stringify(r)}, got ${quoteAnswer(answer)}`);
  };
}

/** The task cannot be done, and the agent said so: `N/A`. */
export function answerNotPossible(): Check {
  return ({ answer }) =>
    answer !== null && /^(n\/a|not (possible|available|applicable))$/.test(normalise(answer))
      ? []
      : [`expected the answer "N/A", got ${quoteAnswer(answer)}`];
}

/** The answer parses as JSON and equals `expected`; strings compare normalised, arrays in order unless `anyOrder`. */
export function answerJson(expected: JsonValue, options: { anyOrder?: boolean } = {}): Check {
  return ({ answer }) => {
    let value: unknown;
    try {
      value = JSON.parse(answer ?? "");
    } catch (error) {
      return [`expected JSON, got ${quoteAnswer(answer)} (${(error as Error).message})`];
    }
    return canonical(value, options) === canonical(expected, options)
      ? []
      : [`expected ${JSON.stringify(expected)}, got ${quoteAnswer(answer)}`];
  };
}

function canonical(value: unknown, options: { anyOrder?: boolean }): string {
  if (typeof value === "string") return JSON.stringify(normalise(value));
  if (Array.isArray(value)) {
    const items = value.map((item) => canonical(item, options));
    return `[${(options.anyOrder ? items.sort() : items).join()}]`;
  }
  if (value !== null && typeof value === "object")
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, options)}`)
      .sort()
      .join()}}`;
  return JSON.stringify(value) ?? "undefined";
}

/**
 * The last page has this path, and these query parameters if the reference has some, in any order. `host`: if the
 * episode may end on several.
 */
export function urlIs(path: string, host?: string): Check {
  return ({ url }) => {
    const want = new URL(path, `http://${host ?? "any"}`);
    const got = URL.canParse(url) ? new URL(url) : null;
    const trim = (p: string) => p.replace(/\/$/, "") || "/";
    const ok =
      got !== null &&
      (host === undefined || got.host === host) &&
      trim(got.pathname) === trim(want.pathname) &&
      [...want.searchParams].every(([key, value]) => got.searchParams.get(key) === value);
    return ok ? [] : [`expected the page ${host === undefined ? path : want.href}, got ${url}`];
  };
}

/** The last page shows every text. */
export function pageShows(...texts: string[]): Check {
  return ({ pageText }) =>
    texts
      .filter((text) => !normalise(pageText).includes(normalise(text)))
      .map((text) => `expected the last page to show ${JSON.stringify(text)}`);
}

/** Replaces, in an expected state, a text that cannot be known exactly. */
class TextMatch {
  readonly #accepts: (text: string) => boolean;
  readonly description: string;
  constructor(description: string, accepts: (text: string) => boolean) {
    this.description = description;
    this.#accepts = accepts;
  }
  accepts(value: unknown): boolean {
    return typeof value === "string" && this.#accepts(value);
  }
}

/** Any text that is not empty. */
export function someText(): string {
  return new TextMatch("some text", (text) => text.trim() !== "") as unknown as string;
}

/**
 * The state is what `change` makes of the initial one, and nothing else changed. `change` should call the same domain
 * functions as the pages, so that ids and times are equal.
 */
export function expectChange(change: (state: WorldState) => void): WorldCheck {
  return ({ state, initial, volatile }) => {
    const expected = structuredClone(initial);
    change(expected);
    const reasons: string[] = [];
    compare(expected, state, "", new Set(volatile), reasons);
    return reasons.slice(0, 8);
  };
}

/** Nothing changed. */
export function expectNoChange(): WorldCheck {
  return expectChange(() => {});
}

function compare(
  expected: unknown,
  got: unknown,
  path: string,
  volatile: Set<string>,
  reasons: string[],
): void {
  if (volatile.has(path) || Object.is(expected, got)) return;
  if (expected instanceof TextMatch) {
    if (!expected.accepts(got)) reasons.push(`${path}: expected ${expected.description}, got ${brief(got)}`);
    return;
  }
  if (expected === null || got === null || typeof expected !== "object" || typeof got !== "object") {
    reasons.push(`${path}: expected ${brief(expected)}, got ${brief(got)}`);
    return;
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(got)]);
  for (const key of keys)
    compare(
      (expected as Record<string, unknown>)[key],
      (got as Record<string, unknown>)[key],
      path === "" ? key : `${path}.${key}`,
      volatile,
      reasons,
    );
}

const brief = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 120);
