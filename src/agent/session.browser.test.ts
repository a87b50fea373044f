import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { html, pages } from "../browser/test-support.ts";
import { BudgetSpent } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { openGate } from "../safety/gate.ts";
import { parsePolicy } from "../safety/policy.ts";
import type { JournalLine } from "./journal.ts";
import { act } from "./act.ts";
import { click, exit, scriptedPolicy } from "./testing/scripted-policy.ts";
import { closeBrowser, testSession, testSite } from "./testing/test-site.ts";

afterAll(closeBrowser);

/** A shop in which one link leads to a price and a button orders. */
function shop() {
  const state = { orders: 0 };
  const app = pages({
    "/": `<h1>Shop</h1><a href="/lamp">Lamp</a> <a href="http://elsewhere.test/">Elsewhere</a> <button>Idle</button>`,
    "/lamp": `<h1>Lamp</h1><p>Price: $12.50</p><form method=post action=/order><button>Order</button></form><a href="/">Home</a>`,
    "/order": () => {
      state.orders++;
      return html("<h1>Thank you</h1><p>Order number 4711</p>");
    },
    "/down": () => new Response("down", { status: 503 }),
  });
  return { state, site: testSite(app) };
}

const journalOf = async (directory: string): Promise<JournalLine[]> =>
  (await readFile(join(directory, "journal.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

describe("a run", () => {
  test("ends done, with the answer, where it was seen, and everything on disk", async () => {
    const { site } = shop();
    await using opened = await testSession(
      site,
      scriptedPolicy([click("link Lamp"), exit("It costs $12.50")]),
    );
    const result = await opened.session.run("What does the lamp cost?");
    expect(result).toMatchObject({ outcome: "done", answer: "It costs $12.50", unsupported: false });
    expect(result.evidence[0]).toMatchObject({
      url: "http://shop.test/lamp",
      passages: [{ text: "Price: $12.50", element: null }],
    });
    expect(result.usage.steps).toBe(2);
    const kinds = (await journalOf(opened.directory)).map(({ kind }) => kind);
    expect(kinds).toEqual(["journal", "opened", "run_started", "intent", "effect", "run_ended"]);
    const line = await readFile(join(opened.directory, "phases/00/trajectories.jsonl"), "utf8");
    expect((JSON.parse(line) as EpisodeRecord).trajectory).toMatchObject({
      id: result.id,
      task: { instruction: "What does the lamp cost?", sites: ["shop"] },
      ending: { kind: "terminated", answer: "It costs $12.50" },
    });
    expect((await readFile(join(opened.directory, result.picture!))).length).toBeGreaterThan(1000);
  });

  test("an answer that nothing seen carries is marked", async () => {
    const { site } = shop();
    await using opened = await testSession(site, scriptedPolicy([exit("It costs $99")]));
    const result = await opened.session.run("What does the lamp cost?");
    expect(result).toMatchObject({
      outcome: "done",
      answer: "It costs $99",
      unsupported: true,
      evidence: [],
    });
  });

  test("the next one begins where the last one ended", async () => {
    const { site } = shop();
    await using opened = await testSession(
      site,
      scriptedPolicy([({ observation }) => (observation.url.endsWith("/") ? click("link Lamp") : exit())]),
    );
    expect((await opened.session.run("Go to the lamp")).usage.steps).toBe(2);
    expect((await opened.session.run("Stay")).usage.steps).toBe(1);
  });

  test.each([
    [[click("link Nothing")], {}, "repeated_error", "could not be carried out"],
    [[click("button Idle")], {}, "repeated_action", "did the same"],
    [["what a lovely page"], {}, "repeated_error", "could not be carried out"],
    [[click("link Lamp"), click("link Home"), click("link Lamp")], { maxSteps: 2 }, "max_steps", "2 steps"],
  ])("stops at a limit and says so: %j", async (replies, limits, reason, words) => {
    const { site } = shop();
    await using opened = await testSession(site, scriptedPolicy(replies));
    const result = await opened.session.run("Look", { limits });
    expect(result).toMatchObject({ outcome: "stopped", answer: null });
    expect(result.reason).toContain(words);
    expect(result.trajectory.ending).toEqual({ kind: "truncated", reason });
  });

  test("stops when its tokens or its money are used up", async () => {
    const { site } = shop();
    const usage = { requests: 1, promptTokens: 90, cachedTokens: 0, completionTokens: 10, cost: 0.5 };
    const policy = scriptedPolicy([click("link Lamp"), click("link Home"), click("link Lamp")], usage);
    await using opened = await testSession(site, policy);
    const tokens = await opened.session.run("Look", { limits: { maxTokens: 200 } });
    expect(tokens).toMatchObject({ outcome: "stopped", usage: { steps: 2, promptTokens: 180, cost: 1 } });
    const money = await opened.session.run("Look", { limits: { maxCost: 0.4 } });
    expect(money).toMatchObject({ outcome: "stopped", usage: { steps: 1 } });
  });

  test("stops when a budget of the model's server is used up", async () => {
    const { site } = shop();
    const policy = scriptedPolicy([click("link Lamp"), () => Promise.reject(new BudgetSpent("all gone"))]);
    await using opened = await testSession(site, policy);
    const result = await opened.session.run("Look");
    expect(result).toMatchObject({ outcome: "stopped", reason: "all gone", usage: { steps: 1 } });
  });

  test("stops at its time, though the model never answers", async () => {
    const { site } = shop();
    const policy = scriptedPolicy([() => new Promise<string>(() => {})]);
    await using opened = await testSession(site, policy);
    const result = await opened.session.run("Look", { limits: { maxSeconds: 0.2 } });
    expect(result.trajectory.ending).toEqual({ kind: "truncated", reason: "max_time" });
  });

  test("what people take to answer is not its time", async () => {
    const { site } = shop();
    const gate = openGate({ policy: parsePolicy({}) });
    const policy = scriptedPolicy([click("link Lamp"), exit()]);
    // Somebody is being asked all the time.
    const session = { gate: { ...gate, sumAskedMs: () => performance.now() } };
    await using opened = await testSession(site, policy, session);
    const result = await opened.session.run("Look", { limits: { maxSeconds: 0.001 } });
    expect(result).toMatchObject({ outcome: "done" });
  });

  test("is recorded where a person interrupts it", async () => {
    const { site } = shop();
    const interrupt = new AbortController();
    const policy = scriptedPolicy([
      click("link Lamp"),
      async () => {
        interrupt.abort(new Error("enough"));
        await sleep(10);
        return click("button Order");
      },
    ]);
    await using opened = await testSession(site, policy);
    const result = await opened.session.run("Look", { signal: interrupt.signal });
    expect(result).toMatchObject({ outcome: "stopped", reason: "it was interrupted", usage: { steps: 1 } });
    expect((await journalOf(opened.directory)).at(-1)).toMatchObject({ kind: "run_ended" });
  });

  test("a reply that is not an action leaves nothing in the journal: nothing was done", async () => {
    const { site } = shop();
    await using opened = await testSession(site, scriptedPolicy([click("link Lamp"), "hm", exit()]));
    await opened.session.run("Look");
    const steps = (await journalOf(opened.directory)).filter((line) => "step" in line);
    expect(steps.map(({ kind }) => kind)).toEqual(["intent", "effect"]);
  });

  test("gives up where the model says that it cannot", async () => {
    const { site } = shop();
    await using opened = await testSession(site, scriptedPolicy([exit("N/A")]));
    expect(await opened.session.run("Fly")).toMatchObject({ outcome: "gave up", unsupported: false });
  });

  test("faults where the site breaks, and the next one begins on a fresh page", async () => {
    const { site } = shop();
    await using opened = await testSession(
      site,
      scriptedPolicy([({ task }) => (task.instruction === "Stay" ? exit() : click("link Lamp"))]),
    );
    await expect(opened.session.open("http://shop.test/down")).rejects.toMatchObject({ code: "site_down" });
    expect(await opened.session.run("Stay")).toMatchObject({ outcome: "done" });
    expect((await journalOf(opened.directory)).map(({ kind }) => kind)).toContain("fault");
  });
});

describe("the gate", () => {
  const gate = openGate({ policy: parsePolicy({ effects: { buy: "deny" } }) });

  test("is asked before every action, and what it refuses does not happen", async () => {
    const { site, state } = shop();
    const policy = scriptedPolicy([click("link Lamp"), click("button Order"), exit("Ordered")]);
    await using opened = await testSession(site, policy, { gate });
    const result = await opened.session.run("Order the lamp");
    expect(result).toMatchObject({ outcome: "refused", reason: expect.stringContaining("would buy") });
    expect(state.orders).toBe(0);
    const lines = await journalOf(opened.directory);
    expect(lines.filter(({ kind }) => kind === "refused")).toMatchObject([
      { action: { kind: "click", element: "button Order" } },
    ]);
    // Only what was admitted is announced.
    expect(lines.filter(({ kind }) => kind === "intent")).toHaveLength(1);
  });

  test("a host of somebody else is refused by the network, whoever asks for it", async () => {
    const { site } = shop();
    const policy = scriptedPolicy([click("link Elsewhere"), exit()]);
    await using opened = await testSession(site, policy);
    expect(await opened.session.run("Leave")).toMatchObject({ outcome: "refused" });
    const page = await opened.session.open("http://elsewhere.test/");
    expect(page).toMatchObject({ url: "http://shop.test/", error: { code: "blocked" } });
    for (const url of ["javascript:document.title = 'run'", "data:text/html,<title>run", "about:blank"])
      expect(await opened.session.open(url)).toMatchObject({ title: page.title, error: { code: "blocked" } });
  });
});

test("act carries out one action and says which", async () => {
  const { site } = shop();
  await using opened = await testSession(
    site,
    scriptedPolicy([click("link Nothing"), click("link Lamp"), click("link Home")]),
  );
  const result = await act(opened.session, "Open the lamp");
  expect(result).toMatchObject({
    outcome: "done",
    actions: [{ kind: "click", element: "link Lamp" }],
    page: { url: "http://shop.test/lamp" },
  });
});

test("a session that the site ends is signed in again, and the run goes on", async () => {
  let signedIn = true;
  let signIns = 0;
  const app = pages({
    "/": () =>
      signedIn
        ? html(`<h1>Desk</h1><a href="/tickets">Tickets</a>`)
        : Response.redirect("http://shop.test/login"),
    "/tickets": () =>
      signedIn ? html("<h1>Tickets</h1><p>Printer broken</p>") : Response.redirect("http://shop.test/login"),
    "/login": `<h1>Sign in</h1>`,
  });
  const site = testSite(app, {
    isSignInPage: ({ url }) => url.endsWith("/login"),
    canSignIn: true,
  });
  const again = testSite(app);
  site.world = async (request) => {
    if (request.signInAgain) {
      signIns++;
      signedIn = true;
    }
    return again.world(request);
  };
  const policy = scriptedPolicy([
    ({ observation, history }) => {
      if (history.length === 0) signedIn = false;
      return observation.text.includes("Printer") ? exit("Printer broken") : click("link Tickets");
    },
  ]);
  await using opened = await testSession(site, policy);
  const result = await opened.session.run("What is broken?");
  expect(result).toMatchObject({ outcome: "done", unsupported: false });
  expect(signIns).toBe(1);
  expect(result.trajectory.steps[1]!.observation.text).toContain("signed in again");
  expect((await journalOf(opened.directory)).map(({ kind }) => kind)).toContain("signed_in");
});

test("where it cannot sign in, the run stops and says why", async () => {
  const app = pages({ "/": `<a href="/login">Orders</a>`, "/login": `<h1>Sign in</h1>` });
  const site = testSite(app, { isSignInPage: ({ url }) => url.endsWith("/login") });
  await using opened = await testSession(site, scriptedPolicy([click("link Orders"), exit("no orders")]));
  const result = await opened.session.run("List my orders");
  expect(result).toMatchObject({ outcome: "stopped", answer: null });
  expect(result.reason).toContain("asks to sign in");
});
