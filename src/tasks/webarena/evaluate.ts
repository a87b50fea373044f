/**
 * @file WebArena-Lite's evaluators: `string_match`, `url_match`, `program_html`; the score is their product, 0 or 1.
 *
 * Deviations from the official code:
 * 1. `func:` strings are parsed, never evaluated; only the functions below exist.
 * 2. Where the judge fails or answers off-contract, the evaluation throws a `Fault`: no score, the task is tried again.
 * 3. `wait`: pages are awaited until they are loaded instead of for three seconds.
 */

import { ConfigError, Fault } from "../../core/errors.ts";
import { latestOrderUrl } from "./latest-order.ts";
import { exactMatch, mustExclude, mustInclude, oneOf, requiredValue, urlMatch } from "./text.ts";
import type { Contents, WebArenaTask } from "./tasks.ts";

/** The page on which the episode ended; `open` leads away from it. */
export interface EvaluatedPage {
  url(): string;
  open(url: string): Promise<void>;
  html(): Promise<string>;
  /** Evaluates a JavaScript expression in the page. */
  evaluate(expression: string): Promise<unknown>;
}

/** The model that compares texts. Each method may throw a `Fault` (`judge_failed`). */
export interface AnswerJudge {
  /** Does `answer` mean the same as `reference`, as an answer to `question`? */
  sameAnswer(question: string, reference: string, answer: string): Promise<boolean>;
  /** Does the reason that the agent gives cover why the task is impossible? */
  sameReason(intent: string, trueReason: string, answer: string): Promise<boolean>;
}

export interface EvaluationContext {
  page: EvaluatedPage;
  judge: AnswerJudge | null;
  /** Base URL of the shop, of whose newest order three tasks of WebArena-Lite speak. */
  shoppingUrl?: string;
}

/** Reasons why it failed; none if the score is 1. `answer` is the empty string where the agent gave none. */
export async function evaluate(
  task: WebArenaTask,
  answer: string,
  context: EvaluationContext,
): Promise<string[]> {
  const reasons: string[] = [];
  for (const type of task.eval.eval_types) {
    if (type === "string_match") reasons.push(...(await stringMatch(task, answer, context)));
    else if (type === "url_match") {
      const url = context.page.url();
      if (!urlMatch(task.eval.reference_url ?? "", url, task.eval.url_note ?? undefined))
        reasons.push(`expected the page ${task.eval.reference_url}, got ${url}`);
    } else reasons.push(...(await programHtml(task, context)));
  }
  return reasons;
}

async function stringMatch(
  task: WebArenaTask,
  answer: string,
  { judge }: EvaluationContext,
): Promise<string[]> {
  const references = task.eval.reference_answers ?? {};
  if (references.fuzzy_match !== "N/A") return compare(references, answer, task.intent, judge);
  const { fuzzy_match: _, ...others } = references;
  const reasons = await compare(others, answer, task.intent, judge);
  if (exactMatch("N/A", answer)) return reasons;
  const same = await need(judge).sameReason(task.intent, task.eval.string_note ?? "", answer);
  return same ? reasons : [...reasons, "the reason why it is impossible is another one"];
}

/** All keys must match. */
async function compare(
  contents: Contents,
  text: string,
  question: string,
  judge: AnswerJudge | null,
): Promise<string[]> {
  const reasons: string[] = [];
  const expect = (ok: boolean, what: string) => {
    if (!ok) reasons.push(`expected ${what}, got ${JSON.stringify(text.slice(0, 200))}`);
  };
  const {
    exact_match,
    must_include = [],
    must_exclude = [],
    one_of,
    required_values = [],
    fuzzy_match,
  } = contents;
  if (exact_match !== undefined)
    expect(exactMatch(exact_match, text), `exactly ${JSON.stringify(exact_match)}`);
  for (const item of must_include) expect(mustInclude(item, text), `to contain ${JSON.stringify(item)}`);
  for (const item of must_exclude) expect(mustExclude(item, text), `not to contain ${JSON.stringify(item)}`);
  if (one_of) expect(oneOf(one_of, text), `one of ${JSON.stringify(one_of)}`);
  for (const item of required_values) expect(requiredValue(item, text), `a number ${item}`);
  if (fuzzy_match !== undefined) {
    const reference = [fuzzy_match].flat().join(", ");
    expect(
      await need(judge).sameAnswer(question, reference, text),
      `the meaning of ${JSON.stringify(reference)}`,
    );
  }
  return reasons;
}

function need(judge: AnswerJudge | null): AnswerJudge {
  if (judge) return judge;
  throw new Fault("judge_failed", "this task is compared by a language model, and none is configured", {
    retryable: false,
  });
}

async function programHtml(task: WebArenaTask, context: EvaluationContext): Promise<string[]> {
  const { page, judge } = context;
  const reasons: string[] = [];
  for (const { url, locator, required_contents } of task.eval.program_html ?? []) {
    if (url !== "last") await page.open(url.startsWith("func:") ? await callForUrl(url, context) : url);
    const content = await read(page, locator);
    if (content === null) reasons.push(`nothing at ${locator || "the page"} of ${page.url()}`);
    else reasons.push(...(await compare(required_contents, content, task.intent, judge)));
  }
  return reasons;
}

async function read(page: EvaluatedPage, locator: string): Promise<string | null> {
  if (locator === "") return page.html();
  if (locator.startsWith("func:")) {
    const { name, args } = parseCall(locator);
    const account = args.at(-1);
    if (name === "gitlab_get_project_memeber_role" && account !== undefined) return memberRole(page, account);
    throw new RangeError(`unknown evaluator function ${name}`);
  }
  const asFunction = locator.startsWith("lambda:");
  if (!asFunction && !locator.startsWith("document.") && !locator.startsWith("[...document."))
    throw new RangeError(`cannot read the locator ${JSON.stringify(locator)}`);
  try {
    const value = await page.evaluate(asFunction ? `(${locator.slice("lambda:".length)})()` : locator);
    return asFunction && (value === null || value === undefined || value === "") ? null : pythonString(value);
  } catch (error) {
    if (error instanceof Fault) throw error;
    // The official code takes an element that is missing for an empty text.
    return asFunction ? null : "";
  }
}

/** As Python's `str` prints what Playwright returns. */
export function pythonString(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value))
    return `[${value.map((item) => (typeof item === "string" ? pythonQuoted(item) : pythonString(item))).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(
        ([key, item]) =>
          `${pythonQuoted(key)}: ${typeof item === "string" ? pythonQuoted(item) : pythonString(item)}`,
      )
      .join(", ")}}`;
  return String(value);
}

function pythonQuoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

/** `func:NAME(arg, 'literal')`. Arguments are names (`__page__`) or quoted texts. */
export function parseCall(text: string): { name: string; args: string[] } {
  const match = /^func:(\w+)\(([^()]*)\)$/.exec(text.trim());
  const args = match?.[2]!.trim() === "" ? [] : match?.[2]!.split(",").map((arg) => arg.trim());
  if (!match || !args || !args.every((arg) => /^(\w+|'[^']*'|"[^"]*")$/.test(arg)))
    throw new RangeError(`cannot read the evaluator call ${JSON.stringify(text)}`);
  return { name: match[1]!, args: args.map((arg) => arg.replace(/^(['"])(.*)\1$/, "$2")) };
}

async function callForUrl(text: string, context: EvaluationContext): Promise<string> {
  const { name, args } = parseCall(text);
  if (name === "reddit_get_post_url")
    return redditPostUrl((args[0] ?? "").replace("__last_url__", context.page.url()));
  if (name === "shopping_get_latest_order_url") {
    if (!context.shoppingUrl)
      throw new ConfigError(
        "the check of this task asks the shop for its newest order, and SHOPPING is not set",
        "Set it to the base URL of WebArena's shop.",
      );
    return latestOrderUrl(context.shoppingUrl);
  }
  throw new RangeError(`unknown evaluator function ${name}`);
}

/** Reduces a forum URL to that of its post; others pass unchanged. */
export function redditPostUrl(url: string): string {
  const match = /^(https?:\/\/[^/]+)\/f\/([^/]+)\/(\d+)/.exec(url);
  return match ? `${match[1]}/f/${match[2]}/${match[3]}/` : url;
}

/** The account travels as data: it is quoted into the expression, never spliced. */
async function memberRole(page: EvaluatedPage, account: string): Promise<string> {
  const role = await page.evaluate(`(() => {
    const account = ${JSON.stringify(`@${account}`)};
    const row = [...document.querySelectorAll("tr")].find((r) => r.innerText.split(/\\s+/).includes(account));
    const cell = row && (row.querySelector('[data-label="Max role"]') || row.querySelector('[data-testid="max-role"]'));
    return cell ? cell.innerText.trim() : "";
  })()`);
  return typeof role === "string" ? role : "";
}
