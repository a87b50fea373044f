/**
 * @file Takes secrets out of text before it is written to a prompt, a log or a trajectory: those that are known (the
 * passwords and keys of the configuration, however they are encoded), and those that look like one. Redacting twice
 * changes nothing more. It is a second line of defence: what must stay secret should not be given away in the first place.
 */

import type { JsonValue } from "../core/task.ts";

export interface Redactor {
  /** `text` with `[redacted: …]` in place of every secret. */
  (text: string): string;
}

/** Known secrets that are shorter would blank out ordinary words. */
const shortestSecret = 4;

interface Pattern {
  what: string;
  pattern: RegExp;
  /** Keeps what the replacement must not swallow; default: everything is replaced. */
  replace?: (match: RegExpExecArray) => string | null;
}

const mark = (what: string) => `[redacted: ${what}]`;

const patterns: readonly Pattern[] = [
  {
    what: "private key",
    pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
  },
  // Header values, as in logs of requests.
  {
    what: "credentials",
    pattern: /\b(bearer|basic)(\s+)(?=[\w\-.~+/]{8,}={0,2})[\w\-.~+/]+={0,2}/gi,
    replace: ([, scheme, space]) => `${scheme}${space}${mark("credentials")}`,
  },
  { what: "token", pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g },
  // Prefixes that services give their keys: OpenAI and Anthropic, Stripe, GitHub, GitLab, Slack, Google, AWS, Hugging Face, npm.
  {
    what: "API key",
    pattern:
      /\b(?:sk-[\w-]{16,}|[srp]k_(?:live|test)_\w{10,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{30,}|(?:AKIA|ASIA)[A-Z0-9]{16}|hf_\w{20,}|npm_\w{20,})/g,
  },
  {
    what: "credentials",
    pattern: /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/:@[\]]+:[^\s/@[\]]+@/gi,
    replace: ([, scheme]) => `${scheme}${mark("credentials")}@`,
  },
  // name=value and "name": "value", as in query strings, forms, JSON and environment files.
  {
    what: "secret",
    pattern:
      /(["']?\b[\w-]*(?:password|passwd|passphrase|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|session[_-]?id)\b["']?\s*[=:]\s*)(?!\[redacted)("(?:[^"\\\n]|\\.)+"|'[^'\n]+'|[^\s"'&,;|\]]+)/gi,
    replace: ([, name, value]) => {
      const quote = /^["']/.exec(value!)?.[0] ?? "";
      return `${name}${quote}${mark("secret")}${quote}`;
    },
  },
  {
    what: "card number",
    pattern: /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)/g,
    replace: ([digits]) => (isCardNumber(digits.replace(/\D/g, "")) ? mark("card number") : null),
  },
];

/** Takes out known secrets and nothing else, e.g. the passwords of a site's accounts. Very short ones are ignored. */
export function redactKnown(secrets: Iterable<string>): Redactor {
  const known = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < shortestSecret) continue;
    const encoded = encodeURIComponent(secret);
    const forms = [
      secret,
      encoded,
      encoded.replaceAll("%20", "+"),
      JSON.stringify(secret).slice(1, -1),
      base64(secret),
    ];
    for (const form of forms) known.add(form);
  }
  // Longest first: one secret may hold another.
  const longestFirst = [...known].toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const literal =
    longestFirst.length === 0
      ? null
      : new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  return (text) => (literal ? text.replace(literal, mark("secret")) : text);
}

/** Takes out known secrets, and all that looks like one. */
export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = redactKnown(secrets);
  return (text) => {
    let out = known(text);
    for (const { what, pattern, replace } of patterns) {
      out = out.replace(pattern, (...args: unknown[]) => {
        // Groups, then offset and whole text.
        const groups = args.slice(0, -2) as unknown as RegExpExecArray;
        if (groups[0].includes("[redacted")) return groups[0];
        return replace ? (replace(groups) ?? groups[0]) : mark(what);
      });
    }
    return out;
  };
}

/** A copy of plain JSON with every string redacted; values of keys that name a secret go whole. */
export function redactJson<T>(value: T, redact: Redactor): T {
  return redacted(value as JsonValue, redact) as T;
}

function redacted(value: JsonValue, redact: Redactor): JsonValue {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      typeof item === "string" && item !== "" && secretKey.test(key)
        ? mark("secret")
        : redacted(item, redact),
    ]),
  );
}

const secretKey = /^(?:.*[_-])?(?:password|passwd|passphrase|secret|api_?key|authorization)$/i;

/** Luhn's check (ISO/IEC 7812-1) on 13 to 19 digits that are not all the same. */
function isCardNumber(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1*$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit > 4 ? 2 * digit - 9 : 2 * digit;
  }
  return sum % 10 === 0;
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
