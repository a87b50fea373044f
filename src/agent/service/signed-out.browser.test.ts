import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { getCookie } from "hono/cookie";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { click, exit, scriptedPolicy } from "../testing/scripted-policy.ts";
import type { BrowserPool } from "../../browser/pool.ts";
import { killBrowser } from "../testing/test-site.ts";
import { openService } from "./service.ts";
import { isKind, nextEvent, said } from "./testing/shop-service.ts";

/** A shop's back office; its session ends when `state.session` changes. */
const state = { session: 1 };
const app = new Hono();
app.get("/login", (c) =>
  c.html(
    `<h1>Sign in</h1><form method=post action=/login><label>Password <input type=password name=p></label></form>`,
  ),
);
app.use(async (c, next) =>
  getCookie(c, "session") === String(state.session) ? next() : c.redirect("/login"),
);
app.get("/", (c) => c.html(`<h1>Office</h1><a href="/help">Help</a>`));
app.get("/help", (c) => c.html(`<h1>Help</h1><p>We deliver in three days.</p><a href="/">Office</a>`));

let server: ReturnType<typeof serve>;
let origin: string;
beforeAll(async () => {
  server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

async function stateFile(directory: string): Promise<string> {
  const path = join(directory, "state.json");
  const cookie = { name: "session", value: String(state.session), domain: "127.0.0.1", path: "/" };
  const cookies = [{ ...cookie, expires: -1, httpOnly: false, secure: false, sameSite: "Lax" }];
  await writeFile(path, JSON.stringify({ cookies, origins: [] }));
  return path;
}

test.each([
  ["and its sign-in page is out of reach", ["/", "/help"]],
  ["and its sign-in page is one that can be reached", ["/", "/help", "/login"]],
])("a site that signs the agent out in the middle, %s: a person goes on", async (_, pages) => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-signed-out-"));
  const storageState = await stateFile(directory);
  // Begins each turn on another page than the last one ended on.
  const clerk = scriptedPolicy([
    ({ observation, history }) => {
      const isHelp = observation.text.includes("three days");
      if (isHelp && history.length > 0) return exit("We deliver in three days.");
      return click(isHelp ? "link Office" : "link Help");
    },
  ]);
  {
    await using service = await openService({
      site: origin,
      storageState,
      model: clerk,
      policy: { name: "Shop", pages: { start: "/", public: pages } },
      directory: join(directory, "service"),
    });
    const { conversation } = await service.open(null);
    conversation.receive("How long does delivery take?");
    const first = await nextEvent(conversation, 2, said("agent"));
    expect(first.text).toBe("We deliver in three days.");
    state.session++;
    conversation.receive("And to the islands?");
    const handed = await nextEvent(conversation, first.n, isKind("chat/state"));
    expect(handed).toMatchObject({ state: "waiting", by: "service" });
    expect(handed.reason).toContain("signed the agent out");
  }
  await rm(directory, { recursive: true });
});

test("a browser that is killed in the middle of a turn is the world's fault: the customer still gets an answer", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-killed-"));
  let isKilled = false;
  const troubles: string[] = [];
  {
    await using service = await openService({
      site: origin,
      storageState: await stateFile(directory),
      model: scriptedPolicy([
        click("link Help"),
        async () => {
          if (isKilled) return exit("We deliver in three days.");
          isKilled = true;
          await killBrowser(service.site.contexts as BrowserPool);
          return click("link Office");
        },
      ]),
      policy: { name: "Shop", pages: { start: "/", public: ["/", "/help"] } },
      directory: join(directory, "service"),
      onTrouble: (message) => troubles.push(message),
    });
    const { conversation } = await service.open(null);
    conversation.receive("How long does delivery take?");
    expect((await nextEvent(conversation, 2, said("agent"))).text).toBe("We deliver in three days.");
    expect(conversation.view).toMatchObject({ state: "agent", failures: 0 });
    expect(troubles.join()).toContain("the browser is gone");
  }
  await rm(directory, { recursive: true });
});
