/**
 * @file The evaluators of WebArena and WebArena-Lite: `string_match`, `url_match`, `program_html`; the score is their
 * product, 0 or 1. `text.ts` and docs/webarena.md say where the two differ, and where both are known to be wrong.
 *
 * Deviations from the official code:
 * 1. `func:` strings are parsed, never evaluated; only the functions that tasks use exist.
 * 2. If the judge fails or gives an invalid answer, the evaluation throws a `Fault`: the task gets no score and is
 *    tried again.
 * 3. The answer of an episode that never answered is empty; the official one is `Early stop: …` with the reason, such as
 *    `Reach max steps 30`, which a substring or a judge may see.
 * 4. Pages are opened in a context of their own with the episode's cookies; the official code leaves the episode's page.
 * 5. Waits until pages are loaded and quiet, for at most three seconds, instead of always three seconds.
 */

import { Fault } from "../../core/errors.ts";
import { parseCall } from "./calls.ts";
import type { ShopApi } from "./shop-api.ts";
import type { Protocol, Strictness, TextRules } from "./text.ts";
import { textRules } from "./text.ts";
import type { Contents, WebArenaTask } from "./tasks.ts";

/** The page on which the episode ended; `open` leaves it. */
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
  /** Absent if the shop's address is not known. */
  shop?: ShopApi | undefined;
  /** Default `webarena-lite`. */
  protocol?: Protocol;
  /** Default `published`. */
  evaluator?: Strictness;
}

/** The context together with the rules that apply. */
interface Evaluation extends EvaluationContext {
  rules: TextRules;
  isLite: boolean;
  isStrict: boolean;
  intent: string;
}

/** Reasons why it failed; none if the score is 1. `answer` is the empty string if the agent gave none. */
export async function evaluate(
  task: WebArenaTask,
  answer: string,
  context: EvaluationContext,
): Promise<string[]> {
  const { protocol = "webarena-lite", evaluator = "published" } = context;
  const rules = textRules(protocol, evaluator);
  const isStrict = evaluator === "strict";
  const all = { ...context, rules, isLite: protocol === "webarena-lite", isStrict, intent: task.intent };
  const reasons: string[] = [];
  for (const type of task.eval.eval_types) {
    if (type === "string_match") reasons.push(...(await stringMatch(task, rules.clean(answer), all)));
    else if (type === "url_match") {
      const url = context.page.url();
      if (!rules.urlMatch(task.eval.reference_url ?? "", url, task.eval.url_note ?? undefined))
        reasons.push(`expected the page ${task.eval.reference_url}, got ${url}`);
    } else reasons.push(...(await programHtml(task, all)));
  }
  return reasons;
}

async function stringMatch(task: WebArenaTask, answer: string, all: Evaluation): Promise<string[]> {
  const references = task.eval.reference_answers ?? {};
  const { rules, isStrict } = all;
  const { fuzzy_match, ...others } = references;
  const isNotAvailable = fuzzy_match === "N/A" || (isStrict && String(fuzzy_match) === "N/A");
  if (!isNotAvailable) return compare(references, answer, "answer", all);
  const reasons = await compare(others, answer, "answer", all);
  if (rules.exactMatch("N/A", answer) && (isStrict || reasons.length === 0)) return reasons;
  const note = task.eval.string_note ?? "";
  const same = await need(all.judge).sameReason(task.intent, note, answer);
  // As published, the comparison of reasons replaces everything else.
  const kept = isStrict ? reasons : [];
  return same ? kept : [...kept, "the task is impossible for another reason"];
}

/** All keys must match; on a page, as published, only the first of them is checked. */
async function compare(
  contents: Contents,
  text: string,
  where: "answer" | "page",
  { rules, judge, isLite, isStrict, intent }: Evaluation,
): Promise<string[]> {
  const reasons: string[] = [];
  const expect = (ok: boolean, what: string) => {
    if (!ok) reasons.push(`expected ${what}, got ${JSON.stringify(text.slice(0, 200))}`);
  };
  /** As published, a text in place of a list is refused before the episode (`whatIsRefused`). */
  const listOf = (key: keyof Contents): string[] => [contents[key] ?? []].flat();
  const includes = (item: string, alone: boolean) =>
    where === "page" ? rules.pageIncludes(item, text) : rules.mustInclude(item, text, alone);
  const checks: Record<keyof Contents, () => void | Promise<void>> = {
    exact_match: () => {
      const reference = contents.exact_match!;
      expect(rules.exactMatch(reference, text), `exactly ${JSON.stringify(reference)}`);
    },
    must_include: () => {
      const items = listOf("must_include");
      for (const item of items)
        expect(includes(item, items.length === 1), `to contain ${JSON.stringify(item)}`);
    },
    must_exclude: () => {
      for (const item of listOf("must_exclude"))
        expect(rules.mustExclude(item, text), `not to contain ${JSON.stringify(item)}`);
    },
    one_of: () => {
      const items = listOf("one_of");
      expect(rules.oneOf(items, text), `one of ${JSON.stringify(items)}`);
    },
    required_values: () => {
      for (const item of listOf("required_values"))
        expect(rules.requiredValue(item, text), `a number ${item}`);
    },
    fuzzy_match: async () => {
      const references = [contents.fuzzy_match!].flat();
      for (const reference of isLite ? [references.join(", ")] : references)
        expect(
          await need(judge).sameAnswer(intent, reference, text),
          `the meaning of ${JSON.stringify(reference)}`,
        );
    },
  };
  const given = KEYS.filter((key) => contents[key] !== undefined);
  for (const key of where === "page" && !isStrict ? given.slice(0, 1) : given) await checks[key]();
  return reasons;
}

/** In the order in which the official code looks for them on a page. */
const KEYS = [
  "exact_match",
  "must_include",
  "must_exclude",
  "required_values",
  "fuzzy_match",
  "one_of",
] as const;

function need(judge: AnswerJudge | null): AnswerJudge {
  if (judge) return judge;
  throw new Fault("judge_failed", "a language model compares this task's answer, but none is configured", {
    retryable: false,
  });
}

async function programHtml(task: WebArenaTask, all: Evaluation): Promise<string[]> {
  const { page, rules } = all;
  const reasons: string[] = [];
  for (const { url, locator, prep_actions = [], required_contents } of task.eval.program_html ?? []) {
    if (url !== "last") await page.open(url.startsWith("func:") ? await callForUrl(url, all) : url);
    const content = await read(all, locator.trim() === "" ? "" : locator, prep_actions);
    if (content === null) reasons.push(`nothing at ${locator || "the page"} of ${page.url()}`);
    else reasons.push(...(await compare(required_contents, rules.ofPage(content), "page", all)));
  }
  return reasons;
}

async function read(all: Evaluation, locator: string, prepare: readonly string[]): Promise<string | null> {
  const { page } = all;
  if (locator === "") return page.html();
  if (locator.startsWith("func:")) return callForText(locator, all);
  const asFunction = locator.startsWith("lambda:");
  try {
    if (!asFunction) for (const action of prepare) await page.evaluate(`(() => ${action})()`);
  } catch (error) {
    // As published, the rest of them is ignored.
    if (error instanceof Fault) throw error;
  }
  try {
    const value = await page.evaluate(asFunction ? `(${locator.slice("lambda:".length)})()` : locator);
    const isNothing = !value || (Array.isArray(value) && value.length === 0);
    return asFunction && isNothing ? null : pythonString(value);
  } catch (error) {
    if (error instanceof Fault) throw error;
    // The official code takes a missing element for an empty text.
    return asFunction ? null : "";
  }
}

/** As Python's `str` prints what Playwright returns. */
export function pythonString(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value))
    return `[${value.map((item) => (typeof item === "string" ? quoteForPython(item) : pythonString(item))).join(", ")}]`;
  if (typeof value === "object")
    return `{${Object.entries(value)
      .map(
        ([key, item]) =>
          `${quoteForPython(key)}: ${typeof item === "string" ? quoteForPython(item) : pythonString(item)}`,
      )
      .join(", ")}}`;
  return String(value);
}

function quoteForPython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

async function callForUrl(text: string, all: Evaluation): Promise<string> {
  const { name, args } = parseCall(text);
  if (name === "shopping_get_latest_order_url") return shopOf(all).latestOrderUrl();
  return redditPostUrl(args[0]!.replaceAll("__last_url__", all.page.url()));
}

async function callForText(text: string, all: Evaluation): Promise<string> {
  const { name, args } = parseCall(text);
  if (name === "gitlab_get_project_memeber_role") return memberRole(all.page, args[1]!);
  if (name === "shopping_get_sku_latest_review_author") return shopOf(all).latestReviewAuthor(args[0]!);
  return shopOf(all).latestReviewRating(args[0]!);
}

function shopOf({ shop }: Evaluation): ShopApi {
  if (shop) return shop;
  throw new Fault(
    "task_unusable",
    "the check of this task asks the shop, but SHOPPING, its base URL, is not set",
    { retryable: false },
  );
}

/** Reduces a forum URL to that of its post; others pass unchanged. */
export function redditPostUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, host, pathname } = new URL(url);
  const [, f, forum, post] = pathname.split("/");
  return f === "f" && post !== undefined ? `${protocol}//${host}/f/${forum}/${post}/` : url;
}

/**
 * Found as the official code finds it: by the account's position among all accounts. The account is data: it is quoted
 * into the expression, never spliced.
 */
async function memberRole(page: EvaluatedPage, account: string): Promise<string> {
  const role = await page.evaluate(`(() => {
    const accounts = [...document.querySelectorAll("td[data-label='Account'] span.gl-avatar-labeled-sublabel")];
    const at = accounts.findIndex((one) => one.outerText === ${JSON.stringify(`@${account}`)});
    return document.querySelectorAll("td.col-max-role span")[at]?.outerText ?? "";
  })()`);
  return typeof role === "string" ? role : "";
}
