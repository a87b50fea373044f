import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createRedactor, redactJson, redactKnown } from "./redact.ts";

const redact = createRedactor();

describe("known secrets", () => {
  const known = createRedactor(["p@ss word/1", "p@ss word/1-long", "abc"]);

  it("go in every encoding that they travel in", () => {
    const secret = "p@ss word/1";
    for (const form of [
      secret,
      encodeURIComponent(secret),
      "p%40ss+word%2F1",
      Buffer.from(secret).toString("base64"),
    ])
      expect(known(`x ${form} y`)).toBe("x [redacted: secret] y");
    expect(createRedactor(['a"b\\c'])('{"x":"a\\"b\\\\c"}')).toBe('{"x":"[redacted: secret]"}');
  });

  it("the longer one goes first where one holds another; very short ones stay", () => {
    expect(known("p@ss word/1-long abc")).toBe("[redacted: secret] abc");
  });

  it("never survive, whatever stands around them", () => {
    const secret = "tr0ub4dor&3";
    const one = createRedactor([secret]);
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(one(`${before}${secret}${after}`)).not.toContain(secret);
      }),
    );
  });
});

it("where only known secrets go, what looks like one stays", () => {
  const page = "password: hunter2, card 4111 1111 1111 1111";
  expect(redactKnown(["hunter2"])(page)).toBe("password: [redacted: secret], card 4111 1111 1111 1111");
});

describe("what looks like a secret", () => {
  it.each([
    ["Authorization: Bearer abcDEF123.456_789-0", "Authorization: Bearer [redacted: credentials]"],
    ["key sk-proj-abcdefghij0123456789 end", "key [redacted: API key] end"],
    ["ghp_abcdefghijklmnopqrstuvwxyz0123456789", "[redacted: API key]"],
    ["AKIAABCDEFGHIJKLMNOP", "[redacted: API key]"],
    ["t=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "t=[redacted: token]"],
    ["https://ann:hunter22@shop.test/cart", "https://[redacted: credentials]@shop.test/cart"],
    ["/login?user=ann&password=hunter2&next=1", "/login?user=ann&password=[redacted: secret]&next=1"],
    ['{"api_key": "abc123", "n": 1}', '{"api_key": "[redacted: secret]", "n": 1}'],
    ["DB_PASSWORD='a b'", "DB_PASSWORD='[redacted: secret]'"],
    ["paid with 4111 1111 1111 1111.", "paid with [redacted: card number]."],
    ["5500-0000-0000-0004", "[redacted: card number]"],
    [
      "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest",
      "[redacted: private key]\nrest",
    ],
  ])("%s", (text, wanted) => {
    expect(redact(text)).toBe(wanted);
    expect(redact(wanted)).toBe(wanted);
  });

  it.each([
    "[textbox Password] [button Sign in]",
    "[link Order 1041] | Ann Lee | $24.00 | 2024-05-01 | Pending",
    "4111 1111 1111 1112",
    "0000 0000 0000 0000",
    "Forgot your password? Reset it: click here",
    "the bearer of good news",
    'do(action="Search", argument="desk-organizer-with-tokens", element="textbox Search")',
    "+1 555 010 0199, 12.50, 3.141592653589793",
  ])("leaves alone: %s", (text) => {
    expect(redact(text)).toBe(text);
  });

  it("redacting twice changes nothing more", () => {
    const parts = fc.constantFrom(
      "password=",
      "Bearer ",
      "x",
      " ",
      '"',
      "4111111111111111",
      "sk-",
      "://",
      "a:b@",
      "[redacted: secret]",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string()), { maxLength: 8 }), (pieces) => {
        const once = redact(pieces.join(""));
        expect(redact(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });
});

it("redactJson goes through objects and lists, and takes values of secret keys whole", () => {
  const value = {
    user: "ann",
    password: "x",
    list: ["Bearer abcdefgh12345", 5, null],
    deep: { apiKey: "k", api_key: "" },
  };
  expect(redactJson(value, redact)).toEqual({
    user: "ann",
    password: "[redacted: secret]",
    list: ["Bearer [redacted: credentials]", 5, null],
    deep: { apiKey: "[redacted: secret]", api_key: "" },
  });
});
