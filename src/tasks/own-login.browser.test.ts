import { afterAll, describe, expect, it } from "vitest";
import { startBrowserEpisode } from "../browser/episode.ts";
import { BrowserPool } from "../browser/pool.ts";
import { html, pages, testTask } from "../browser/test-support.ts";
import { parseAction } from "../text/action.ts";
import { redact } from "../text/secrets.ts";
import { logIn } from "./own-login.ts";
import type { Login } from "./own-login.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const BASE = "http://shop.example.test";
const FORM = `<h1>Sign in</h1><label>User <input name=user></label><label>Password <input type=password name=p></label>`;
/** The shop asks `isIn` whether somebody is signed in; `signIn` runs when the button is pressed. */
const shop = (signIn: string, isIn: string, more = "") => `
  <div id=root></div><script type=module>
  ${more}
  const show = async () => {
    const user = await (${isIn});
    root.innerHTML = user ? "<p>Hello " + user + "</p><button id=out>Sign out</button>" : ${JSON.stringify(FORM)} + "<button id=in>Sign in</button>";
    document.getElementById("in")?.addEventListener("click", async () => { await (${signIn}); await show(); });
    document.getElementById("out")?.addEventListener("click", async () => { sessionStorage.clear(); localStorage.clear(); await show(); });
  };
  await show();
  </script>`;
const IDB = `
  const db = await new Promise((resolve, reject) => {
    const open = indexedDB.open("auth", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("users", { keyPath: "id" });
    open.onsuccess = () => resolve(open.result); open.onerror = reject;
  });
  const ask = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = reject; });
  const users = (mode) => db.transaction("users", mode).objectStore("users");`;

const SHOPS: Record<string, string> = {
  localStorage: shop(`localStorage.setItem("user", "Ann")`, `localStorage.getItem("user")`),
  sessionStorage: shop(`sessionStorage.setItem("user", "Ann")`, `sessionStorage.getItem("user")`),
  IndexedDB: shop(
    `ask(users("readwrite").put({ id: 1, name: "Ann", at: new Date(0) }))`,
    `ask(users("readonly").get(1)).then((user) => user?.name)`,
    IDB,
  ),
  "a cookie for a domain": shop(
    `document.cookie = "user=Ann; domain=.example.test; path=/"`,
    `fetch("http://api.example.test/me", { credentials: "include" }).then((r) => r.text())`,
  ),
  memory: shop(`window.user = "Ann"`, `window.user`),
};
const api = (request: Request) =>
  new Response(/user=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? "", {
    headers: {
      "access-control-allow-origin": BASE,
      "access-control-allow-credentials": "true",
    },
  });

const login = (page: string, change: Partial<Login> = {}): Login => ({
  site: "shop",
  baseUrl: BASE,
  network: {
    hosts: new Map([
      ["shop.example.test", pages({ "/": page, "/other": page })],
      ["api.example.test", api],
    ]),
    allowedHosts: [],
  },
  steps: [
    { open: "/" },
    { fill: "User", text: "ann" },
    { fill: "Password", text: "swordfish" },
    { click: "Sign in" },
    { see: "Hello Ann" },
  ],
  startUrl: `${BASE}/other`,
  ...change,
});

describe.concurrent("a login", () => {
  it.each(["localStorage", "sessionStorage", "IndexedDB", "a cookie for a domain"])(
    "holds in the episode where it is kept in %s",
    async (kind) => {
      const given = login(SHOPS[kind]!);
      const storage = await logIn(pool, given, true);
      expect(redact("It is swordfish.")).toBe("It is [redacted: secret].");
      await using episode = await startBrowserEpisode(
        pool,
        testTask(),
        { ...given.network, cookies: [], storage, startUrl: given.startUrl },
        { format: "compact", seed: 1 },
      );
      expect(episode.first.text).toContain("Hello Ann");
      expect(episode.first.tabs).toHaveLength(1);
      const step = async (text: string) => {
        const next = await episode.step(parseAction(text));
        return next.observation;
      };
      // There is nothing before the first page.
      expect((await step("go_backward()"))?.error?.message).toBe("there is no page to go back to");
      // Whoever signs out stays signed out.
      if (kind.endsWith("Storage")) {
        expect((await step('do(action="Click", element="button Sign out")'))?.text).toContain("Password");
        expect((await step('do(action="Click", element="button Sign in")'))?.text).toContain("Hello Ann");
      }
    },
  );

  it("that does not last is said by the site's name, with what was seen", async () => {
    const failed = logIn(pool, login(SHOPS["memory"]!), true);
    await expect(failed).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(
        /the login of shop does not last: http:\/\/shop\.example\.test\/other, .* showed: Sign in User Password/,
      ) as string,
      hint: expect.stringContaining("0 cookies") as string,
    });
  });

  it("that the server ends, or that leads back to the login, does not last either", async () => {
    let left = 1;
    const app = pages({
      "/": () =>
        html(`<h1>Sign in</h1><form method=post action=/in><button>Sign in</button></form>`, {
          headers: { "set-cookie": "id=1" },
        }),
      "/in": () => new Response(null, { status: 303, headers: { location: "/home" } }),
      "/home": () =>
        left-- > 0 ? html("<p>Hello Ann") : new Response(null, { status: 302, headers: { location: "/" } }),
    });
    const network = { hosts: new Map([["shop.example.test", app]]), allowedHosts: [] };
    const steps: Login["steps"] = [{ open: "/" }, { click: "Sign in" }, { see: "Hello Ann" }];
    const change = { network, steps, startUrl: `${BASE}/home` };
    await expect(logIn(pool, login("", change), true)).rejects.toThrow(/does not last/);
    left = 1;
    const blind = login("", { ...change, steps: steps.slice(0, 2) });
    await expect(logIn(pool, blind, true)).rejects.toThrow(/does not last/);
  });

  it("whose words are shown only once is believed where nobody is asked to sign in", async () => {
    const app = pages({
      "/": `<form method=post action=/in><button>Sign in</button></form>`,
      "/in": () => html("<p>Hello Ann", { headers: { "set-cookie": "id=1" } }),
      "/other": "<p>Orders",
    });
    const network = { hosts: new Map([["shop.example.test", app]]), allowedHosts: [] };
    const steps: Login["steps"] = [{ open: "/" }, { click: "Sign in" }, { see: "Hello Ann" }];
    const storage = await logIn(pool, login("", { network, steps }), true);
    expect(storage.state.cookies.map(({ name }) => name)).toEqual(["id"]);
  });

  it("whose page still waits for its server goes on for the time of a start", async () => {
    const form = `<form method=post action=/in><button>Sign in</button></form>`;
    const signIn = async (answerMs: number, button: string) => {
      const app = pages({
        "/": button,
        "/in": () =>
          new Promise((resolve) => setTimeout(() => resolve(html("<input name=code>")), answerMs).unref()),
      });
      const network = { hosts: new Map([["shop.example.test", app]]), allowedHosts: [] };
      const steps: Login["steps"] = [{ open: "/" }, { click: "Sign in" }, { fill: "code", text: "7" }];
      return logIn(pool, login("", { network, steps, startMs: 100_000 }), false);
    };
    const script = `<button onclick="setTimeout(() => { location.href = '/in' }, 50)">Sign in</button>`;
    // The login waits 10 s for a field, and 20 s for the page that a click leads to.
    const ends = await Promise.allSettled([signIn(11_000, script), signIn(21_000, form)]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  }, 300_000);
});
