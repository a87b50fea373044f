/** @file A password that occurs nowhere else, and the ways in which a hostile site writes it. */

export const HALVES = ["Qx7Zk9mB", "vW3pT8nR"] as const;
export const PASSWORD = HALVES.join("-");
export const VARIABLE = "LEAKY_PASSWORD";

const each = (write: (character: string) => string) => Array.from(PASSWORD).map(write).join("");
const hexOf = (character: string) => character.charCodeAt(0).toString(16);
const bytes = Buffer.from(PASSWORD);

/**
 * Without those whose letters are apart: the filter removes these as well, but they cannot be searched for literally.
 */
export const SPELLINGS: readonly string[] = [
  PASSWORD,
  PASSWORD.toLowerCase(),
  PASSWORD.toUpperCase(),
  bytes.toString("base64").replace(/=+$/, ""),
  // The letters of `ann:PASSWORD` that contain nothing of the name.
  Buffer.from(`ann:${PASSWORD}`).toString("base64").slice(6),
  Buffer.from(bytes.toString("base64")).toString("base64").replace(/=+$/, ""),
  bytes.toString("hex"),
  bytes.toString("hex").toUpperCase(),
  each((c) => `%${hexOf(c)}`),
  each((c) => `%25${hexOf(c)}`),
  each((c) => `&#${c.charCodeAt(0)};`),
  each((c) => `\\u00${hexOf(c)}`),
  each((c) => `\\x${hexOf(c)}`),
  each((c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
];

export const APART: readonly string[] = [
  each((c) => `${c}\u200b`),
  each((c) => `${c}\u00ad`),
  each((c) => `${c}\n`),
  each((c) => `${c} `),
  each((c) => `${c}.`),
];

/** Which of these a text contains. Letters that are apart are joined first. */
export function leaksIn(text: string): string[] {
  const lower = text.toLowerCase();
  const joined = lower.replace(/\\n|\\u200b|\\u00ad|[\s.\u200b\u00ad]/g, "");
  const found = SPELLINGS.filter((spelling) => {
    const sought = spelling.toLowerCase();
    // In a JSON string it has two backslashes.
    return [sought, sought.replaceAll("\\", "\\\\")].some(
      (one) => lower.includes(one) || joined.includes(one),
    );
  });
  const halves = HALVES.filter(
    (half) => lower.includes(half.toLowerCase()) || joined.includes(half.toLowerCase()),
  );
  return [...found, ...halves];
}
