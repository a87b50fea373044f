/** @file End states of tasks, constructed from their evaluators: a correct one, and variants that are wrong. */

import { redditPostUrl } from "../evaluate.ts";
import type { Contents, WebArenaTask } from "../tasks.ts";

/** What the evaluators see of a finished episode. */
export interface EndState {
  name: string;
  task: WebArenaTask;
  answer: string;
  /** Address of the page on which it ended. */
  url: string;
  /** By address: the page's text, and what its locators find. */
  pages: Record<string, { html: string; values: Record<string, string> }>;
  judge: boolean;
  /** Address of the shop's newest order, and a product's newest review. */
  order: string;
  reviews: { author: string; rating: string };
}

const ORDER = "http://shop.test/sales/order/view/order_id/189/";

/** A text that fulfils all requirements, each by its first alternative. */
function fulfil(contents: Contents, alternative = 0): string {
  const list = (value: string | readonly string[] | undefined) => [value ?? []].flat();
  const choose = (text: string) => text.split(" |OR| ").at(alternative) ?? text.split(" |OR| ")[0]!;
  if (contents.exact_match !== undefined) return contents.exact_match;
  const numbers = list(contents.required_values).map((text) => /[-+]?\d+/.exec(choose(text))?.[0] ?? "");
  const texts = [
    ...list(contents.must_include),
    ...list(contents.one_of).slice(0, 1),
    ...list(contents.fuzzy_match),
  ];
  return [...texts.map(choose), ...numbers].join(" , ");
}

type TextOf = (contents: Contents) => string;

/** What a task requires of a product's newest review. */
function reviewOf(task: WebArenaTask, part: "author" | "rating", text: TextOf): string {
  const target = (task.eval.program_html ?? []).find(({ locator }) =>
    locator.includes(`latest_review_${part}`),
  );
  return target ? text(target.required_contents) : "";
}

/** The addresses that an evaluator visits, in order, starting from the last page. */
function targetsOf(task: WebArenaTask, lastUrl: string, text: TextOf): EndState["pages"] {
  const pages: EndState["pages"] = {};
  let at = lastUrl;
  for (const { url, locator, required_contents } of task.eval.program_html ?? []) {
    if (url.startsWith("func:shopping")) at = ORDER;
    else if (url.startsWith("func:")) at = redditPostUrl(at);
    else if (url !== "last") at = url;
    const page = (pages[at] ??= { html: "", values: {} });
    const account = /'([^']+)'\)$/.exec(locator)?.[1];
    const content = text(required_contents);
    if (locator.trim() === "") page.html += `<p>${content}</p>`;
    else if (locator.startsWith("func:")) page.values[`@${account}`] = content;
    else page.values[locator] = content;
  }
  return pages;
}

/** The end states of one task, whose placeholders are filled. */
export function endStates(task: WebArenaTask): EndState[] {
  const { reference_answers, reference_url } = task.eval;
  const answers = reference_answers ?? {};
  const hasPost = (task.eval.program_html ?? []).some(({ url }) => url.startsWith("func:reddit"));
  const [first = "", ...others] = (reference_url ?? "").split(" |OR| ");
  const lastUrl = first || (hasPost ? "http://forum.test/f/books/12/a-title" : "http://elsewhere.test/");
  const state = (name: string, changes: Partial<EndState> = {}, text: TextOf = fulfil): EndState => ({
    name,
    task,
    answer: fulfil(answers),
    url: lastUrl,
    pages: targetsOf(task, changes.url ?? lastUrl, text),
    judge: true,
    order: ORDER,
    reviews: { author: reviewOf(task, "author", text), rating: reviewOf(task, "rating", text) },
    ...changes,
  });
  const pagesWith = (name: string, change: (text: string) => string) =>
    state(`page texts ${name}`, {}, (contents) => change(fulfil(contents)));
  return [
    state("right"),
    state("other alternatives", { answer: fulfil(answers, -1) }, (contents) => fulfil(contents, -1)),
    state("no answer", { answer: "" }),
    state("answer with white space", { answer: `${fulfil(answers)}\n` }),
    state("answer in quotes", { answer: `"${fulfil(answers)}"` }),
    state("answer in a sentence", { answer: `The answer is ${fulfil(answers)}.` }),
    state("answer with letters around it", { answer: `x${fulfil(answers)}x` }),
    state("answer N/A", { answer: "N/A" }),
    state("judge says no", { judge: false }),
    state("another answer, judge says no", { answer: "something else", judge: false }),
    state("page elsewhere", { url: "http://elsewhere.test/" }),
    state("page with a slash", { url: `${lastUrl}/` }),
    state("page below", { url: `${lastUrl}2` }),
    state("page with parameters", { url: `${lastUrl}${lastUrl.includes("?") ? "&" : "?"}x=1` }),
    ...others.map((url, i) => state(`page ${i + 2}`, { url })),
    state("nothing on the pages", { pages: {}, reviews: { author: "", rating: "" } }),
    pagesWith("with white space", (text) => ` ${text}\n`),
    pagesWith("in capitals", (text) => text.toUpperCase()),
    pagesWith("with letters around them", (text) => `x${text}x`),
    pagesWith("cut", (text) => text.slice(0, -1)),
  ];
}
