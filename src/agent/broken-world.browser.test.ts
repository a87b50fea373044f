/** The browser is killed, or the site ends the session, in the middle of each use. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { knowingReader } from "../bench/extract-reader.ts";
import { html, pages } from "../browser/test-support.ts";
import type { HostFetch } from "../browser/world.ts";
import { runBatch } from "./batch/batch.ts";
import { PRICES, shopkeeper, testShop } from "./batch/testing/test-shop.ts";
import { extract } from "./extract/extract.ts";
import type { ExtractOptions } from "./extract/options.ts";
import { card, lamps, pagedShop } from "./extract/testing/small-shop.ts";
import type { AgentSite } from "./site.ts";
import { click, exit, scriptedPolicy } from "./testing/scripted-policy.ts";
import { closeBrowser, killBrowser, testSession, testSite } from "./testing/test-site.ts";

afterAll(closeBrowser);
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-broken-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs `body` on one call only, the one with the number `time`. */
function onCall(time: number, body: () => Promise<void> | void): () => Promise<void> {
  let calls = 0;
  return async () => {
    if (++calls === time) await body();
  };
}

/** `app` behind a sign-in; `signOut` ends its session. `canSignIn`: whether the agent can sign in again by itself. */
function behindSignIn(app: HostFetch, canSignIn: boolean) {
  const state = { signedIn: true, signIns: 0 };
  const site = testSite(
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/login") return html("<h1>Sign in</h1><input type=password>");
      return state.signedIn ? app(request) : Response.redirect("http://shop.test/login");
    },
    { isSignInPage: ({ url }) => url.endsWith("/login"), isSignedIn: true, canSignIn },
  );
  const world = site.world.bind(site);
  const signingIn: AgentSite = Object.assign(site, {
    world: (request: Parameters<typeof world>[0]) => {
      if (request.signInAgain) {
        state.signedIn = true;
        state.signIns++;
      }
      return world(request);
    },
  });
  return { site: signingIn, state };
}

describe("a browser that is killed", () => {
  const app = pages({
    "/": `<h1>Shop</h1><a href="/lamp">Lamp</a>`,
    "/lamp": `<h1>Lamp</h1><p>Price: $12.50</p>`,
  });

  test("in the middle of a run is the world's fault, and the next run gets a new one", async () => {
    const kill = onCall(2, killBrowser);
    const policy = scriptedPolicy([
      async ({ observation, history, task }) => {
        await kill();
        if (task.instruction === "first" && history.length === 1) return `do(action="Go Backward")`;
        return observation.url.endsWith("/lamp") ? exit("$12.50") : click("link Lamp");
      },
    ]);
    await using opened = await testSession(testSite(app), policy);
    const first = await opened.session.run("first");
    expect(first).toMatchObject({ outcome: "faulted", answer: null, unsupported: false });
    expect(first.trajectory.ending).toMatchObject({ kind: "faulted", code: "browser_crashed" });
    expect(await opened.session.run("second")).toMatchObject({ outcome: "done", answer: "$12.50" });
  });

  test("between two runs is started again, and the model learns that", async () => {
    const policy = scriptedPolicy([
      ({ observation }) => (observation.url.endsWith("/lamp") ? exit() : click("link Lamp")),
    ]);
    await using opened = await testSession(testSite(app), policy);
    await opened.session.run("Look");
    await killBrowser();
    const result = await opened.session.run("Look again");
    expect(result).toMatchObject({ outcome: "done" });
    expect(result.trajectory.steps[0]!.observation.text).toContain("the browser broke");
    await killBrowser();
    expect(await opened.session.open("http://shop.test/lamp")).toMatchObject({
      url: "http://shop.test/lamp",
    });
    await killBrowser();
    await expect(
      opened.session.read((reader) => reader.document().then((one) => one.call("pageText"))),
    ).rejects.toMatchObject({ code: "browser_crashed" });
    await expect(opened.session.screenshot()).rejects.toMatchObject({ retryable: true });
    expect(await opened.session.open("http://shop.test/lamp")).toMatchObject({ error: null });
  });

  test("in the middle of a batch: each item is changed once", async () => {
    const shop = testShop(["mug", "pot", "pan"]);
    // Before the second item's form is sent, and before the third one's first field is filled in.
    const model = shopkeeper(onCall(7, killBrowser));
    await using opened = await testSession(testSite(shop.app), model);
    const table = join(directory, "jobs.csv");
    await writeFile(table, "sku,price,stock\nmug,12,5\npot,11,5\npan,9,5\n");
    const result = await runBatch(opened.session, { table, job: PRICES, approve: ["all"], learn: false });
    expect(result.items.map(({ status }) => status)).toEqual(["done", "done", "done"]);
    expect(shop.writes).toEqual(["mug 12.00 5", "pot 11.00 5", "pan 9.00 5"]);
  });
});

describe("an extraction", () => {
  const shop = lamps(35);
  const schema = z.object({ name: z.string(), price: z.number() });
  const reader = () => knowingReader(shop, (row, { text }) => text.includes(String(row["name"])));

  async function read(
    site: AgentSite,
    options: ExtractOptions = {},
    onRow?: (count: number) => Promise<void> | void,
  ) {
    await using opened = await testSession(site, scriptedPolicy([""]));
    const context = { session: opened.session, reader: reader(), siteName: "shop", isForeign: false };
    const extraction = extract<{ name: string }>("all lamps", schema, context, options);
    const names: string[] = [];
    for await (const { row } of extraction) {
      names.push(row.name);
      await onRow?.(names.length);
    }
    return { names, ended: extraction.summary.ended };
  }
  const whole = { names: shop.map(({ name }) => name), ended: "end of the list" };

  const byLinks = pagedShop(shop, (page, count) =>
    page < count ? `<a href="/?page=${page + 1}">Next</a>` : "",
  );
  /** Ten lamps, and ten more with each click. */
  const byClicks: HostFetch = (request) => {
    const { searchParams, pathname } = new URL(request.url);
    if (pathname !== "/") return html("<h1>Elsewhere</h1>");
    const from = Number(searchParams.get("from") ?? 0);
    const some = shop
      .slice(from, from + 10)
      .map(card)
      .join("");
    if (from > 0) return new Response(some);
    return html(`<h1>Lamps</h1><ul class=lamps>${some}</ul><button>Load more</button><script>
      const button = document.querySelector("button");
      let from = 0;
      button.onclick = async () => {
        from += 10;
        const answer = await fetch("/?from=" + from);
        if (answer.redirected) return;
        const some = await answer.text();
        document.querySelector("ul").insertAdjacentHTML("beforeend", some);
        if (from >= 30) button.remove();
      };
    </script>`);
  };

  test.each([
    ["pages", byLinks],
    ["a list that is clicked open", byClicks],
  ])("of %s, in which the browser is killed, has every row once", async (_, app) => {
    const troubles: string[] = [];
    const kill = onCall(1, killBrowser);
    const onRow = (count: number) => (count === 15 ? kill() : undefined);
    expect(await read(testSite(app), { onTrouble: (trouble) => troubles.push(trouble) }, onRow)).toEqual(
      whole,
    );
  });

  test.each([
    ["pages", byLinks],
    ["a list that is clicked open", byClicks],
  ])(
    "of %s, in which the site ends the session, is signed in again and has every row once",
    async (_, app) => {
      const { site, state } = behindSignIn(app, true);
      const onRow = (count: number) => void (count === 15 && (state.signedIn = false));
      expect(await read(site, {}, onRow)).toEqual(whole);
      expect(state.signIns).toBe(1);
    },
  );

  test("that cannot sign in again says so, and goes on once it can", async () => {
    const { site, state } = behindSignIn(byLinks, false);
    const out = join(directory, "rows.jsonl");
    const onRow = (count: number) => void (count === 15 && (state.signedIn = false));
    await expect(read(site, { out }, onRow)).rejects.toThrow(/asks to sign in/);
    state.signedIn = true;
    expect(await read(site, { out })).toEqual(whole);
    expect((await readFile(out, "utf8")).trim().split("\n")).toHaveLength(35);
  });

  test("ends at a page with an error, and not for good", async () => {
    let isBroken = true;
    const app: HostFetch = (request) =>
      isBroken && request.url.endsWith("page=3")
        ? html("<h1>Forbidden</h1>", { status: 403 })
        : byLinks(request);
    const out = join(directory, "rows.jsonl");
    expect(await read(testSite(app), { out })).toMatchObject({ ended: "refused" });
    isBroken = false;
    expect(await read(testSite(app), { out })).toEqual(whole);
  });
});

describe("a batch in which the site ends the session", () => {
  const jobs = async () => {
    const table = join(directory, "jobs.csv");
    await writeFile(table, "sku,price,stock\nmug,12,5\npot,11,5\npan,9,5\n");
    return table;
  };
  const signingOut = (state: { signedIn: boolean }, call: number) =>
    shopkeeper(onCall(call, () => void (state.signedIn = false)));

  test("is signed in again, and changes each item once", async () => {
    const shop = testShop(["mug", "pot", "pan"]);
    const { site, state } = behindSignIn(shop.app, true);
    await using opened = await testSession(site, signingOut(state, 4));
    const options = { table: await jobs(), job: PRICES, approve: ["all"], learn: false };
    const result = await runBatch(opened.session, options);
    expect(result.items.map(({ status }) => status)).toEqual(["done", "done", "done"]);
    expect(shop.writes).toEqual(["mug 12.00 5", "pot 11.00 5", "pan 9.00 5"]);
    expect(state.signIns).toBe(1);
  });

  test("stops where it cannot sign in, says so, and goes on where it was", async () => {
    const shop = testShop(["mug", "pot", "pan"]);
    const { site, state } = behindSignIn(shop.app, false);
    const options = { table: await jobs(), job: PRICES, approve: ["all"], learn: false };
    const agent = join(directory, "agent");
    {
      await using opened = await testSession(site, signingOut(state, 5), { directory: agent });
      const { items } = await runBatch(opened.session, options);
      expect(items.map(({ status }) => status)).toEqual(["done", "undecided", "open"]);
      expect(items[1]!.reason).toContain("asks to sign in");
      expect(items[2]!.reason).toContain("give the same command");
    }
    state.signedIn = true;
    await using opened = await testSession(site, shopkeeper(), { directory: agent });
    const { items } = await runBatch(opened.session, options);
    expect(items.map(({ status }) => status)).toEqual(["done", "done", "done"]);
    expect(shop.writes).toEqual(["mug 12.00 5", "pot 11.00 5", "pan 9.00 5"]);
  });
});
