import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redactJson, redactKnown } from "./redact.ts";

const SECRET = "S3cr3t-Mårker 42/x";
const MARK = "[redacted: secret]";
const redact = redactKnown([SECRET]);
const bytes = Buffer.from(SECRET);
const each = (write: (character: string) => string) => Array.from(SECRET).map(write).join("");
const hexOf = (character: string) => character.charCodeAt(0).toString(16);
const percent = (start: string) => [...bytes].map((byte) => `${start}${byte.toString(16)}`).join("");

/** Nothing of these may be left, whatever is around them. */
const SPELLINGS: Record<string, string> = {
  "as it is": SECRET,
  "in capitals": SECRET.toUpperCase(),
  "in small letters": SECRET.toLowerCase(),
  "in full width": each((c) => (c > " " && c < "\u007f" ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c)),
  decomposed: SECRET.normalize("NFD"),
  "as a component of an address": encodeURIComponent(SECRET),
  "with every byte in percent": percent("%"),
  "in percent, in capitals": percent("%").toUpperCase(),
  "in percent, twice": encodeURIComponent(percent("%")),
  "in percent, three times": encodeURIComponent(encodeURIComponent(percent("%"))),
  "in percent, as old scripts do": each((c) => `%u${hexOf(c).padStart(4, "0")}`),
  "as a field of a form": encodeURIComponent(SECRET).replaceAll("%20", "+"),
  "in base64": bytes.toString("base64"),
  "in base64 without padding": bytes.toString("base64").replace(/=+$/, ""),
  "in base64 for addresses": bytes.toString("base64url"),
  "in base64, in lines": bytes.toString("base64").replace(/.{7}/g, "$&\r\n"),
  "in base64, twice": Buffer.from(bytes.toString("base64")).toString("base64"),
  "in base64 of UTF-16": Buffer.from(SECRET, "utf16le").toString("base64"),
  "in hex": bytes.toString("hex"),
  "in hex, in capitals": bytes.toString("hex").toUpperCase(),
  "in hex with colons": bytes.toString("hex").replace(/..(?=.)/g, "$&:"),
  "in hex with 0x": [...bytes].map((byte) => `0x${byte.toString(16)}`).join(", "),
  "in numbers": JSON.stringify([...bytes]).slice(1, -1),
  "in entities": each((c) => `&#${c.charCodeAt(0)};`),
  "in entities, in hex": each((c) => `&#X00${hexOf(c)};`),
  "in named entities": SECRET.replace("å", "&aring;").replace("-", "&hyphen;").replace("/", "&sol;"),
  "in escapes of JSON": each((c) => `\\u${hexOf(c).padStart(4, "0")}`),
  "in escapes of JSON, twice": each((c) => `\\\\u${hexOf(c).padStart(4, "0").toUpperCase()}`),
  "in escapes of scripts": each((c) => `\\u{${hexOf(c)}}`),
  "in short escapes": each((c) => `\\x${hexOf(c)}`),
  "in octal escapes": each((c) => `\\${c.charCodeAt(0).toString(8)}`),
  "some letters escaped, in different ways": SECRET.replace("3", "%33")
    .replace("c", "&#99;")
    .replace("k", "\\x6b"),
  "with zero widths": each((c) => `${c}\u200b`),
  "with soft hyphens": each((c) => `${c}\u00ad`),
  "with marks that join words": each((c) => `${c}\u2060`),
  "from its end": Array.from(SECRET).toReversed().join(""),
  "from its end, in base64": Buffer.from(Array.from(SECRET).toReversed().join("")).toString("base64"),
  "a letter a line": each((c) => `${c}\n`),
  "with blanks": each((c) => `${c} `),
  "with hard blanks in entities": each((c) => `${c}&nbsp;`),
  "with tags between": each((c) => `<b class="x">${c}</b>`),
  "with colours between": each((c) => `${c}\u001b[0m`),
};

describe("a secret goes", () => {
  it.each(Object.entries(SPELLINGS))("%s", (_, spelling) => {
    const got = redact(`before: ${spelling}; after`);
    expect(got).toContain(MARK);
    expect(got.replace(MARK, "")).toMatch(
      /^before: [\w/+="<>; \r\n,.:\\[\]\u200b\u2060\u00ad\p{Cc}&-]*; after$/u,
    );
    expect(got.length).toBeLessThan("before: ; after".length + MARK.length + 20);
  });

  it("from the middle of what is in base64, wherever it begins there", () => {
    for (const name of ["a", "ab", "abc", "abcd"]) {
      const credentials = Buffer.from(`${name}:${SECRET}${name}`).toString("base64");
      const decoded = Buffer.from(redact(credentials).replace(MARK, ""), "base64").toString();
      expect(redact(credentials)).toContain(MARK);
      expect(decoded).not.toMatch(/cr3t|rker/i);
    }
  });

  it("when a cut has left half of it or more", () => {
    expect(redact(`It is ${SECRET.slice(0, 11)}…`)).toBe(`It is ${MARK}…`);
    expect(redact(`It is ${SECRET.slice(0, 11)}...`)).toBe(`It is ${MARK}...`);
    expect(redact(`${"a ".repeat(50)}${SECRET.slice(0, 11)}`)).toBe(`${"a ".repeat(50)}${MARK}`);
  });

  it("when half of it or more stands alone, but for halves that are words", () => {
    const one = redactKnown(["Tr0ubad0urZw9kLmqX77", "magento-admin", "swordFish"]);
    for (let at = 0; at <= 10; at++)
      expect(one(`the ${"Tr0ubad0urZw9kLmqX77".slice(at, at + 10)}, then`)).toBe(`the ${MARK}, then`);
    expect(one("Tr0ubad0 and urZw9kLmqX77")).toBe(`Tr0ubad0 and ${MARK}`);
    expect(one("Magento, an admin, a sword, a fish: swordF")).toBe(
      `Magento, an admin, a sword, a fish: ${MARK}`,
    );
  });

  it("when it is long, part by part", () => {
    const long = Array.from({ length: 300 }, (_, i) => String.fromCharCode(97 + ((i * i + 7 * i) % 26))).join(
      "",
    );
    const one = redactKnown([long]);
    expect(one(`x ${long} y`).replaceAll(MARK, "")).toBe("x  y");
    expect(one(`x ${long.slice(70, 270)} y`).replaceAll(MARK, "").length).toBeLessThan(140);
    expect(one(Buffer.from(long).toString("base64"))).toContain(MARK);
  });

  it("whatever stands around it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
        expect(redact(before + SECRET + after)).not.toContain("3cr3t-Mårker 42");
      }),
    );
  });

  it("any secret, also one with halves of pairs in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 8 }), (secret) => {
        fc.pre(/[a-z0-9]{4}/i.test(secret.trim()));
        expect(redactKnown([secret])(`<${secret.trim()}>`)).toContain(MARK);
      }),
    );
    expect(redactKnown(["abc\ud800defgh"])("abcdefgh abc\ud800defgh")).toContain(MARK);
  });
});

describe("what stays", () => {
  it("is what only looks like one", () => {
    expect(redactKnown(["hunter2"])("password: hunter2, card 4111 1111 1111 1111")).toBe(
      `password: ${MARK}, card 4111 1111 1111 1111`,
    );
    expect(redactKnown(["swordfish"])("a sword, a fish")).toBe("a sword, a fish");
  });

  it("is digits that only stand beside one another, like the numbers of pages", () => {
    const number = redactKnown(["123456"]);
    expect(number("1 2 3 4 5 6 next, 12:34:56, 1,234.56")).toBe("1 2 3 4 5 6 next, 12:34:56, 1,234.56");
    expect(number("your number: 123456, &#49;23456, 12\u200b3456")).toBe(
      `your number: ${MARK}, ${MARK}, ${MARK}`,
    );
  });

  it("is everything, where the secret has fewer than four characters", () => {
    expect(redactKnown(["abc", ""])("abc")).toBe("abc");
  });

  it("is what was redacted before", () => {
    const once = redact(`a ${SECRET} b`);
    expect(redact(once)).toBe(once);
  });
});

it("the longer one goes where one secret holds another", () => {
  const both = redactKnown(["p@ss word/1", "p@ss word/1-long"]);
  expect(both("p@ss word/1-long abc")).toBe(`${MARK} abc`);
});

it("a secret that goes on from one text to the next is taken out of both", () => {
  const texts = ["Hello S3cr3t-", " ", "other", "Mårker 42/x!"];
  expect(redact.together(texts, [[0, 1, 3]])).toEqual([`Hello ${MARK}`, " ", "other", `${MARK}!`]);
  // If they are apart, what is less than half of the secret stays.
  expect(redact.together(texts, [[0, 1, 2, 3]])).toEqual([...texts.slice(0, 3), `${MARK}!`]);
  expect(redactKnown(["123456"]).together(["12", "34", "56"], [[0, 1, 2]])).toEqual(["12", "34", "56"]);
});

it("redactJson goes through objects, lists and keys, and leaves numbers", () => {
  const value = {
    user: "ann",
    list: ["it is hunter22", 5, null],
    reasons: ["it is hun", "ter22", "so"],
    hosts: { "hunter22.test": 1 },
    deep: { hun: "ter22" },
  };
  expect(redactJson(value, redactKnown(["hunter22"]))).toEqual({
    user: "ann",
    list: [`it is ${MARK}`, 5, null],
    reasons: [`it is ${MARK}`, MARK, "so"],
    hosts: { [`${MARK}.test`]: 1 },
    deep: { [MARK]: MARK },
  });
});
