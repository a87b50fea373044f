/**
 * @file The secrets that this process knows, and the one place that everything goes through before this process writes
 * or prints it: {@link redactOutput}. Files of a run, the terminal, events and pages are redacted there. Whoever takes
 * a secret from a definition or the environment declares it ({@link keepSecret}).
 */

import { ConfigError } from "../core/errors.ts";
import { redactJson as redactJsonWith, redactKnown } from "./redact.ts";
import type { Redactor } from "./redact.ts";

const known = new Set<string>();
let redactor: Redactor = redactKnown([]);

/** Fewer characters cannot be told from ordinary text. */
const SHORTEST_SECRET = 6;
/** Nor can a word of so few letters, in one letter case. */
const SHORTEST_WORD = 8;
/** Longer words that occur in every record and page. */
const ORDINARY =
  /^(password|passwort|username|redacted|reference|progress|terminated|truncated|verifier|checkbox|combobox|searchbox|textarea|container|navigation|curriculum|validation|trajectory|observation|evaluation|screenshot|undefined)$/i;

/** Why this cannot be kept secret; `null` if it can. */
export function whyNoSecret(value: string): string | null {
  const { length } = Array.from(value.trim());
  if (length < SHORTEST_SECRET)
    return `it has ${length} characters, and a secret needs at least ${SHORTEST_SECRET}`;
  if (length < SHORTEST_WORD && /^(\p{Ll}+|\p{Lu}+|\p{L}\p{Ll}+)$/u.test(value.trim()))
    return `it is a word of ${length} letters, and a word needs at least ${SHORTEST_WORD}`;
  return ORDINARY.test(value.trim()) ? "it is an ordinary word" : null;
}

/**
 * From now on, nothing that this process writes, prints or shows to a model contains this text, in any spelling. Throws
 * a `ConfigError` if it cannot be told from ordinary text; `from` says where it comes from.
 */
export function keepSecret(value: string, from: string): void {
  const why = whyNoSecret(value);
  if (why !== null)
    throw new ConfigError(
      `the secret of ${from} cannot be kept out of pages and records: ${why}`,
      "Choose another one; or, where it is none, write `secret: false` beside it in the definition.",
    );
  if (known.has(value)) return;
  known.add(value);
  redactor = redactKnown(known);
}

export const hasSecrets = (): boolean => known.size > 0;

/** `text` without the known secrets. */
export const redact: Redactor = Object.assign((text: string) => redactor(text), {
  together: (...given: Parameters<Redactor["together"]>) => redactor.together(...given),
});

/**
 * How many characters at the end of a text are the beginning of a known secret, exactly as it is spelled; 0 if none
 * are.
 */
export function beginsSecretAtEnd(text: string): number {
  let most = 0;
  for (const secret of known)
    for (let length = Math.min(secret.length - 1, text.length); length > most; length--)
      if (text.endsWith(secret.slice(0, length))) most = length;
  return most;
}

/** Plain JSON without the known secrets. */
export function redactJson<T>(value: T): T {
  return known.size === 0 ? value : redactJsonWith(value, redact);
}

/** What is written or printed, without the known secrets. JSON, and lines of JSON, stay such. */
export function redactOutput(text: string): string {
  const redacted = redact(text);
  if (redacted === text) return text;
  const json = inJson(text);
  if (json !== null) return json;
  const lines = text.split("\n").map((line) => (line === "" ? "" : inJson(line)));
  return lines.every((line) => line !== null) ? lines.join("\n") : redacted;
}

/** `null` for a text that is not a JSON object or list. */
function inJson(text: string): string | null {
  if (!/^\s*[{[]/.test(text)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const [, indent = ""] = /^[{[]\n( +)/.exec(text.trimStart()) ?? [];
  return JSON.stringify(redactJson(value), null, indent.length) + (text.endsWith("\n") ? "\n" : "");
}

/** Takes the known secrets out of what an error says, and out of what caused it. */
export function redactError<E>(error: E): E {
  if (known.size === 0) return error;
  const seen = new Set<unknown>();
  for (let at: unknown = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    // Playwright's errors have a log of what was typed.
    for (const key of ["message", "stack", ...Object.keys(at)]) {
      const words: unknown = Reflect.get(at, key);
      // One that cannot be changed is redacted where it is printed.
      if (typeof words === "string") Reflect.set(at, key, redact(words));
      else if (Array.isArray(words) && words.every((word) => typeof word === "string"))
        Reflect.set(at, key, words.map(redact));
    }
  }
  return error;
}
