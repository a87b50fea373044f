import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { tiddlywiki } from "../apps/tiddlywiki/app.ts";
import { launchBrowser } from "../browser/launch.ts";
import { defineSite } from "../sites/define-site.ts";
import { createAgent } from "./agent.ts";
import { openSite } from "./site.ts";
import { click, exit, scriptedPolicy } from "./testing/scripted-policy.ts";

/** An intranet with one user; a session ends when `state.session` changes. */
const state = { session: 1, resets: 0, signIns: 0 };
const app = new Hono();
app.get("/login", (c) =>
  c.html(`<form method=post action=/login><label>User <input name=user></label>
    <label>Password <input type=password name=password></label><button>Sign in</button></form>`),
);
app.post("/login", async (c) => {
  const { user, password } = await c.req.parseBody();
  if (user !== "ann" || password !== "desk-4711") return c.redirect("/login");
  state.signIns++;
  setCookie(c, "session", String(state.session));
  return c.redirect("/");
});
app.post("/reset", (c) => {
  state.resets++;
  return c.body(null, 204);
});
app.get("/public", (c) =>
  c.html(`<h1>Public</h1><a href="http://elsewhere.test/">Elsewhere</a> <a href="/away">Away</a>`),
);
app.get("/away", (c) => c.redirect("http://127.0.0.1:9/"));
app.use(async (c, next) =>
  getCookie(c, "session") === String(state.session) ? next() : c.redirect("/login"),
);
app.get("/", (c) => c.html(`<h1>Signed in as Ann</h1><a href="/orders">Orders</a>`));
app.get("/orders", (c) => c.html(`<h1>Orders</h1><p>Order 4711 is on its way</p>`));

let server: ReturnType<typeof serve>;
let origin: string;
beforeAll(async () => {
  server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-site-"))));
afterEach(() => rm(directory, { recursive: true }));

const orders = scriptedPolicy([
  ({ observation }) =>
    observation.text.includes("4711 is") ? exit("Order 4711 is on its way") : click("link Orders"),
]);

const definition = () =>
  defineSite({
    name: "intranet",
    baseUrl: origin,
    reset: { path: "/reset" },
    login: [
      { open: "/login" },
      { fill: "User", text: "ann" },
      { fill: "Password", text: "desk-4711" },
      { click: "Sign in" },
      { see: "Signed in as Ann" },
    ],
    tasks: [{ id: "orders", instruction: "List my orders." }],
  });

test("a site of defineSite is signed in to, again where it ends the session, and never reset", async () => {
  state.signIns = 0;
  await using agent = await createAgent({ site: definition(), model: orders, directory });
  expect(agent.page.text).toContain("Signed in as Ann");
  expect(state.signIns).toBe(1);
  state.session++;
  const result = await agent.run("Where is my order?");
  expect(result).toMatchObject({ outcome: "done", unsupported: false });
  expect(state.signIns).toBe(2);
  expect(state.resets).toBe(0);
});

test("a site that the agent starts has the time of its start for the first page; a start that was stopped is tried again", async () => {
  const serve = `require("http").createServer((_, to) => to.end("<h1>Hello")).listen({port}, "127.0.0.1")`;
  await using site = await openSite({
    site: defineSite({
      name: "slow",
      baseUrl: "http://127.0.0.1:{port}",
      start: { command: `node -e '${serve}'`, timeoutMs: 90_000 },
      tasks: [{ id: "look", instruction: "Look around." }],
    }),
  });
  const stopped = site.world({ signInAgain: false, signal: AbortSignal.abort(new Error("stopped by hand")) });
  await expect(stopped).rejects.toThrow("stopped by hand");
  const { startMs } = await site.world({ signInAgain: false });
  expect(startMs).toBeGreaterThan(60_000);
  await using running = await openSite({ site: definition() });
  expect(await running.world({ signInAgain: false })).toMatchObject({ startMs: 0 });
});

test("an address: its stored state signs in, and where that ends the run says so", async () => {
  const storageState = join(directory, "state.json");
  const cookie = { name: "session", value: String(state.session), domain: "127.0.0.1", path: "/" };
  const cookies = [{ ...cookie, expires: -1, httpOnly: false, secure: false, sameSite: "Lax" }];
  await writeFile(storageState, JSON.stringify({ cookies, origins: [] }));
  await using agent = await createAgent({
    site: origin,
    model: orders,
    directory: join(directory, "agent"),
    storageState,
  });
  expect(await agent.run("Where is my order?")).toMatchObject({ outcome: "done" });
  await agent.open("/");
  state.session++;
  const ended = await agent.run("Where is my order?");
  expect(ended).toMatchObject({ outcome: "stopped", answer: null });
  expect(ended.reason).toContain("its session has ended");
});

test("an address: other hosts are out of reach unless they are named", async () => {
  const policy = scriptedPolicy([click("link Elsewhere"), exit()]);
  await using agent = await createAgent({ site: origin, start: "/public", model: policy, directory });
  expect(await agent.run("Leave")).toMatchObject({
    outcome: "refused",
    trajectory: { blockedHosts: { "elsewhere.test": 1 } },
  });
});

test("a page that was handed in is worked in where it stands, kept to the site's hosts, and left open", async () => {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({
      viewport: { width: 900, height: 600 },
      proxy: { server: "http://127.0.0.1:9", bypass: "127.0.0.1" },
    });
    const page = await context.newPage();
    await page.goto(`${origin}/public`);
    {
      const policy = scriptedPolicy([click("link Elsewhere"), click("link Away"), exit()]);
      await using agent = await createAgent({ site: origin, page, model: policy, directory });
      expect(agent.page).toMatchObject({ url: `${origin}/public` });
      const result = await agent.run("Leave");
      expect(result.trajectory.blockedHosts).toMatchObject({
        "elsewhere.test": expect.any(Number) as number,
      });
      expect(new URL(page.url()).origin).toBe(origin);
    }
    expect(page.isClosed()).toBe(false);
    expect(page.viewportSize()).toEqual({ width: 900, height: 600 });
  } finally {
    await browser.close();
  }
});

test("a site that is started is where it was when its directory is gone on with, so that what it holds can be done again", async () => {
  const site = "examples/own-site/site.ts";
  const look = scriptedPolicy([
    ({ observation }) =>
      observation.url.endsWith("/") ? click("link Projector flickers in room 4") : exit("Tom Reyes"),
  ]);
  const options = { site, model: look, directory };
  let url: string;
  {
    await using agent = await createAgent(options);
    ({ url } = agent.page);
    expect(await agent.run("Who asked about the projector?")).toMatchObject({ outcome: "done" });
    await expect(createAgent(options)).rejects.toThrow(/in use|another process|belongs/);
  }
  {
    await using again = await createAgent(options);
    expect(again.page.url).toBe(url);
    expect(await again.repeat(null, { alone: true })).toMatchObject({ same: true, byModel: 0 });
  }
  const other = createServer().listen(Number(new URL(url).port), "127.0.0.1");
  await expect(createAgent(options)).rejects.toThrow(/something else uses that port now/);
  await new Promise((resolve) => other.close(resolve));
});

/** Stands where the application's own server would be. */
const NOTEBOOK = `const [, , , , , port] = process.argv;
require("node:http").createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<h1>Notebook</h1><p>Rosa has the key</p>");
}).listen(Number(port.replace("port=", "")), "127.0.0.1");`;

test("an application: a copy is started for the agent, wherever it is installed, and ended with it", async () => {
  const folder = join(directory, "app");
  const at = join(folder, "node_modules", "tiddlywiki");
  await mkdir(at, { recursive: true });
  await mkdir(join(folder, "prepared"));
  await writeFile(join(at, "tiddlywiki.js"), NOTEBOOK);
  const { name, revision } = tiddlywiki;
  await writeFile(join(folder, "installed.json"), JSON.stringify({ name, revision }));
  const model = scriptedPolicy([exit("Rosa")]);
  let url: string;
  {
    await using agent = await createAgent({ site: `app:tiddlywiki@${folder}`, model, directory });
    ({ url } = agent.page);
    expect(await agent.run("Who has the key?")).toMatchObject({ outcome: "done", unsupported: false });
  }
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  for (const [site, message] of [
    ["app:tidlywiki", /the nearest is tiddlywiki/],
    [`app:tiddlywiki@${directory}/none`, /tiddlywiki is not installed in/],
    ["app:tiddlywiki@", /names no folder/],
  ] as const)
    await expect(createAgent({ site, model })).rejects.toThrow(message);
});
