import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redactJson, redactKnown } from "./redact.ts";

describe("known secrets", () => {
  const known = redactKnown(["p@ss word/1", "p@ss word/1-long", "abc"]);

  it("go in every encoding that they travel in", () => {
    const secret = "p@ss word/1";
    for (const form of [
      secret,
      encodeURIComponent(secret),
      "p%40ss+word%2F1",
      Buffer.from(secret).toString("base64"),
    ])
      expect(known(`x ${form} y`)).toBe("x [redacted: secret] y");
    expect(redactKnown(['a"b\\c'])('{"x":"a\\"b\\\\c"}')).toBe('{"x":"[redacted: secret]"}');
  });

  it("the longer one goes first where one holds another; very short ones stay", () => {
    expect(known("p@ss word/1-long abc")).toBe("[redacted: secret] abc");
  });

  it("never survive, whatever stands around them", () => {
    const secret = "tr0ub4dor&3";
    const one = redactKnown([secret]);
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(one(`${before}${secret}${after}`)).not.toContain(secret);
      }),
    );
  });
});

it("what only looks like a secret stays", () => {
  const redact = redactKnown(["hunter2"]);
  const page = "password: hunter2, card 4111 1111 1111 1111";
  expect(redact(page)).toBe("password: [redacted: secret], card 4111 1111 1111 1111");
});

it("redactJson goes through objects and lists, and takes values of secret keys whole", () => {
  const value = {
    user: "ann",
    password: "x",
    list: ["it is hunter2", 5, null],
    deep: { apiKey: "k", api_key: "" },
  };
  expect(redactJson(value, redactKnown(["hunter2"]))).toEqual({
    user: "ann",
    password: "[redacted: secret]",
    list: ["it is [redacted: secret]", 5, null],
    deep: { apiKey: "[redacted: secret]", api_key: "" },
  });
});
