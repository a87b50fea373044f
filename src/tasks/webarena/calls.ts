/** @file The evaluators' `func:` strings: parsed into a name and arguments, never evaluated as code. */

/** `func:NAME(arg, 'literal')`. Arguments are names (`__page__`) or quoted texts. Throws a `RangeError`. */
export function parseCall(text: string): { name: string; args: string[] } {
  const match = /^func:(\w+)\(([^()]*)\)$/.exec(text.trim());
  const args = match?.[2]!.trim() === "" ? [] : match?.[2]!.split(",").map((arg) => arg.trim());
  if (!match || !args || !args.every((arg) => /^(\w+|'[^']*'|"[^"]*")$/.test(arg)))
    throw new RangeError(`cannot read the evaluator call ${JSON.stringify(text)}`);
  return { name: match[1]!, args: args.map((arg) => arg.replace(/^(['"])(.*)\1$/, "$2")) };
}

/** The functions that the tasks of both files use, with their number of arguments. */
const FUNCTIONS = {
  url: { reddit_get_post_url: 1, shopping_get_latest_order_url: 0 },
  locator: {
    gitlab_get_project_memeber_role: 2,
    shopping_get_sku_latest_review_author: 1,
    shopping_get_sku_latest_review_rating: 1,
  },
} as const satisfies Record<string, Record<string, number>>;

/** Throws a `RangeError` if the address or the locator of a target cannot be parsed. */
export function checkTarget({ url, locator }: { url: string; locator: string }): void {
  for (const [where, text] of [["url", url] as const, ["locator", locator] as const]) {
    if (!text.startsWith("func:")) continue;
    const { name, args } = parseCall(text);
    const known: Record<string, number> = FUNCTIONS[where];
    if (!Object.hasOwn(known, name)) throw new RangeError(`unknown evaluator function ${name}`);
    if (known[name] !== args.length)
      throw new RangeError(`the evaluator function ${name} takes ${known[name]} arguments`);
  }
  if (locator.trim() !== "" && !/^(?:func:|lambda:|document\.|\[\.\.\.document\.)/.test(locator))
    throw new RangeError(`cannot read the locator ${JSON.stringify(locator)}`);
}
