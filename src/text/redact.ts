/**
 * @file Takes known secrets (the passwords and keys of the configuration, however they are encoded) out of text before it
 * is written to a prompt, a log or a trajectory. It is a second line of defence:
 * what must stay secret should not be given away in the first place.
 */

import type { JsonValue } from "../core/task.ts";

export interface Redactor {
  /** `text` with `[redacted: …]` in place of every secret. */
  (text: string): string;
}

/** Known secrets that are shorter would blank out ordinary words. */
const shortestSecret = 4;

const mark = (what: string) => `[redacted: ${what}]`;

/** Takes out known secrets, e.g. the passwords of a site's accounts. Very short ones are ignored. */
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

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
