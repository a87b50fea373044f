/**
 * @file The ways in which one text can be written: what a secret looks like encoded, and how a text is read so that two
 * spellings of the same thing become the same letters.
 */

/**
 * What is left of a text when it is compared. Case, accents, compatibility forms (full width, ligatures) and invisible
 * characters never count.
 * - `letters`: letters and digits only, so that neither blanks nor punctuation between them matter;
 * - `visible`: everything but blanks;
 * - `exact`: everything.
 */
export type Fold = "letters" | "visible" | "exact";

const KEPT: Record<Fold, RegExp> = {
  letters: /[\p{L}\p{N}]/u,
  visible: /[^\p{M}\p{C}\p{Z}]/u,
  exact: /[^\p{M}\p{C}]/u,
};

function foldSlowly(character: string, fold: Fold): string {
  if (/^\p{DI}$/u.test(character)) return "";
  const plain = character.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
  return Array.from(plain.replace(/\s/gu, " "))
    .filter((part) => KEPT[fold].test(part))
    .join("");
}

/** Folds one ASCII code to one unit; 0 where nothing is left of it. */
export const ASCII: Record<Fold, Uint8Array> = {
  letters: asciiTable("letters"),
  visible: asciiTable("visible"),
  exact: asciiTable("exact"),
};

function asciiTable(fold: Fold): Uint8Array {
  return Uint8Array.from(
    { length: 128 },
    (_, code) => foldSlowly(String.fromCharCode(code), fold).charCodeAt(0) || 0,
  );
}

const others: Record<Fold, Map<number, string>> = {
  letters: new Map(),
  visible: new Map(),
  exact: new Map(),
};

/** What is left of any code point. */
export function foldCodePoint(codePoint: number, fold: Fold): string {
  let folded = others[fold].get(codePoint);
  if (folded === undefined) {
    folded = foldSlowly(String.fromCodePoint(codePoint), fold);
    others[fold].set(codePoint, folded);
  }
  return folded;
}

export function foldText(text: string, fold: Fold): string {
  return Array.from(text)
    .map((character) => foldCodePoint(character.codePointAt(0)!, fold))
    .join("");
}

/** Every page has digits, so digits alone have to be more to be told from others. */
const isTelling = (folded: string) => folded.length >= (/^\d*$/.test(folded) ? 12 : 8);

/** How loosely a text may be compared and still be told from ordinary ones: the more letters it has, the looser. */
export function foldFor(text: string): Fold {
  return (["letters", "visible"] as const).find((fold) => isTelling(foldText(text, fold))) ?? "exact";
}

/** Spellings of a secret that decoding it letter by letter does not find, and the secret itself. */
export function spellingsOf(given: string): Set<string> {
  // A half of a surrogate pair has no bytes.
  const secret = Buffer.from(given).toString();
  const found = new Set([secret, secret.replaceAll(" ", "+")]);
  // What a page does to hide it from those who look for it.
  for (const hidden of [Array.from(secret).toReversed().join(""), rot13(secret)]) {
    found.add(hidden);
    for (const encoded of inBytes(Buffer.from(hidden))) found.add(encoded);
  }
  for (const text of [secret.normalize("NFC"), secret.normalize("NFD")])
    for (const form of [text, text.toLowerCase(), text.toUpperCase(), encodeURIComponent(text)]) {
      for (const encoded of inBytes(Buffer.from(form))) found.add(encoded);
      for (const encoded of inBase64(Buffer.from(form, "utf16le"))) found.add(encoded);
    }
  // Encoded twice.
  for (const code of ["base64", "hex"] as const)
    for (const encoded of inBytes(Buffer.from(Buffer.from(secret).toString(code)))) found.add(encoded);
  return found;
}

const rot13 = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) =>
    String.fromCharCode(letter.charCodeAt(0) + (/[a-m]/i.test(letter) ? 13 : -13)),
  );

function inBytes(bytes: Buffer): string[] {
  const hex = bytes.toString("hex");
  return [hex, hex.replace(/../g, "0x$&"), [...bytes].join(""), ...inBase64(bytes)];
}

/** Its base64 alone, and behind zero, one or two other bytes: `Basic` credentials hold a password in the middle. */
function inBase64(bytes: Buffer): string[] {
  const whole = bytes.toString("base64").replace(/=+$/, "");
  const inside = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [whole, ...inside].flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
}
