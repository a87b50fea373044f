/** @file Finds what a GraphQL document asks a server to change. */

const IGNORED = /"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*/g;

/**
 * Names of the fields that its mutations request, including those of fragments on the mutation's type. An unreadable
 * document gives what was found up to that point; this does not decide whether a server would accept it.
 */
export function mutationsIn(document: string): string[] {
  const tokens = document.replace(IGNORED, " ").match(/\.\.\.|[{}():]|[@$]?\w+/g) ?? [];
  const found: string[] = [];
  /** For each open brace, whether its fields are a mutation's. */
  const levels: boolean[] = [];
  let isMutation = false;
  let opensSame = false;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token === "(") at = findClosing(tokens, at);
    else if (token === "{") {
      levels.push(levels.length === 0 ? isMutation : opensSame);
      opensSame = false;
    } else if (token === "}") levels.pop();
    else if (levels.length === 0) {
      if (token === "fragment") isMutation = /mutation/i.test(tokens[at + 3] ?? "");
      else if (/^(?:query|mutation|subscription)$/.test(token)) isMutation = token === "mutation";
    } else if (levels.at(-1) === true)
      if (token === "...") {
        // `... on Type {` and `... @include(…) {` continue the same level; `...Name` is defined elsewhere.
        opensSame = /^(?:on$|@|\{)/.test(tokens[at + 1] ?? "");
        at += tokens[at + 1] === "on" ? 2 : opensSame ? 0 : 1;
      } else if (/^\w/.test(token) && tokens[at + 1] !== ":") found.push(token);
  }
  return found;
}

function findClosing(tokens: readonly string[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at++) {
    if (tokens[at] === "(") depth++;
    if (tokens[at] === ")" && --depth === 0) return at;
  }
  return tokens.length;
}
