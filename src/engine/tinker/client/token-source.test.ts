import { rmSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { loadTokenizer } from "../../onnx/tokenizer/load-tokenizer.ts";
import { createFakeServer } from "../testing/fake-server.ts";
import { writeTinyTokenizer } from "../testing/tiny-tokenizer.ts";
import { createTinkerEngine } from "./engine.ts";
import { createTokenSource } from "./token-source.ts";
import type { Outgoing, Reply } from "./transport.ts";

const { directory: tokenizer } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(tokenizer);
afterAll(() => rmSync(tokenizer, { recursive: true }));

const tokenUntil = (seconds: number) =>
  `eyJh.${Buffer.from(JSON.stringify({ exp: seconds })).toString("base64url")}.x`;

test("a token is asked for once, and again five minutes before its end or where it was refused", async () => {
  let now = 0;
  let asked = 0;
  const source = createTokenSource(
    async () => Promise.resolve(tokenUntil(1000 * ++asked)),
    () => now,
  );
  expect(await Promise.all([source.current(), source.current()])).toEqual([
    tokenUntil(1000),
    tokenUntil(1000),
  ]);
  now = 699_000;
  await source.current();
  expect(asked).toBe(1);
  now = 701_000;
  expect(await source.current()).toBe(tokenUntil(2000));
  // If a new token is refused, its age is not the reason.
  expect(source.renew()).toBe(false);
  now += 61_000;
  expect(source.renew()).toBe(true);
  expect(await source.current()).toBe(tokenUntil(3000));
});

test("an exchange that failed is tried again", async () => {
  let asked = 0;
  const source = createTokenSource(async () => {
    await Promise.resolve();
    if (asked++ === 0) throw new Error("busy");
    return "plain";
  });
  await expect(source.current()).rejects.toThrow("busy");
  expect(await source.current()).toBe("plain");
});

test("where a server wants tokens, the key goes to the exchange alone and the token everywhere else", async () => {
  const server = createFakeServer({ vocabSize });
  const seen: [path: string, key: string | undefined][] = [];
  const json = (body: object): Reply => ({
    status: 200,
    isProtobuf: false,
    bytes: new Uint8Array(),
    json: body,
    pauseMs: null,
  });
  await using engine = createTinkerEngine({
    url: "http://127.0.0.1:1",
    model: "tiny",
    tokenizer,
    send: async (outgoing: Outgoing) => {
      seen.push([outgoing.path, outgoing.headers?.["x-api-key"]]);
      if (outgoing.path === "client/config") return json({ pjwt_auth_enabled: true });
      if (outgoing.path === "auth/token") return json({ jwt: tokenUntil(4e9) });
      return server.send(outgoing);
    },
  });
  await using _model = await engine.open({ path: tokenizer });
  const after = seen.slice(seen.findIndex(([path]) => path === "client/config") + 1);
  expect(after.filter(([path]) => path === "auth/token")).toEqual([["auth/token", undefined]]);
  const others = after.filter(([path]) => path !== "auth/token");
  expect(others.length).toBeGreaterThan(2);
  for (const [path, key] of others) expect([path, key]).toEqual([path, tokenUntil(4e9)]);
});
