import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../../browser/launch.ts";
import { findOpenings } from "../../http/testing/raw-request.ts";
import type { Policy, Turn } from "../../rollout/policy.ts";
import { click, exit, scriptedPolicy } from "../testing/scripted-policy.ts";
import { readEvents } from "./client/read-events.ts";
import { serveCustomers } from "./serve.ts";
import type { CustomerService } from "./serve.ts";
import { SHOP_POLICY } from "./testing/shop-service.ts";

const KEY = "a key of the tests, long enough";

let letGo: () => void;
const written = new Promise<void>((resolve) => (letGo = resolve));

/** Answers at once, but waits if it is asked to, and cancels if the customer wants that. */
const model = scriptedPolicy([
  async ({ observation, task }: Turn) => {
    if (task.instruction.includes("Slowly")) await written;
    if (!task.instruction.trimEnd().endsWith('cancel my order"')) return exit("We deliver in three days.");
    return observation.title.startsWith("Order 1361") ? click("button Cancel order") : exit("/identify");
  },
  click("button Yes, cancel order"),
  exit("Order 1361 is canceled."),
]);

let directory: string;
let served: CustomerService;
let browser: Browser;
/** A shop's own page, on another origin, with the widget in it. */
const shop = createServer((_, res) => {
  res.setHeader("content-type", "text/html");
  res.end(
    `<!doctype html><html lang="en"><title>Shop</title><main><h1>Shop</h1></main><script src="${served.url}widget.js" data-label="Help"></script>`,
  );
});
let shopUrl: string;

async function start(policy: Policy = model): Promise<void> {
  served = await serveCustomers({
    site: "store-admin",
    model: policy,
    policy: { ...SHOP_POLICY, safety: { rules: [{ name: "cancel", effects: ["delete"], verdict: "ask" }] } },
    directory,
    port: 0,
    key: KEY,
    origins: [shopUrl],
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-service-"));
  await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
  shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  browser = await launchBrowser();
  await start();
});
afterAll(async () => {
  await browser.close();
  await served[Symbol.asyncDispose]();
  shop.close();
  await rm(directory, { recursive: true });
});

async function openPage(
  url: string,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<[Page, BrowserContext]> {
  const proxy = { server: "http://127.0.0.1:9", bypass: "127.0.0.1" };
  const context = await browser.newContext({ proxy, ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  await page.goto(url);
  return [page, context];
}

async function findFaults(page: Page): Promise<string[]> {
  const path = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  // Through the protocol, which a Content-Security-Policy of the page cannot keep out.
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(path, "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 120)}`);
  });
}

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${served.url}v1/conversations${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

async function begin(): Promise<{ id: string; bearer: { authorization: string } }> {
  const { id, token } = (await (await post("", {})).json()) as { id: string; token: string };
  return { id, bearer: { authorization: `Bearer ${token}` } };
}

/** Events of a stream until one `isLast`. */
async function eventsOf(
  id: string,
  headers: Record<string, string>,
  isLast: (type: string, data: string) => boolean,
) {
  const stop = new AbortController();
  const response = await fetch(`${served.url}v1/conversations/${id}/events`, {
    headers,
    signal: stop.signal,
  });
  const events: { type: string; id: number | null; data: string }[] = [];
  await readEvents(response.body!, (type, number, data) => {
    events.push({ type, id: number, data });
    if (isLast(type, data)) stop.abort();
  }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return events;
}

test.each(["/v1/conversations", "/operator/"])(
  "requests that no client sends find nothing open on %s",
  async (path) => {
    expect(await findOpenings(Number(new URL(served.url).port), path)).toEqual([]);
  },
);

describe("the customers' API", () => {
  test("a client that comes back gets what it has not seen, by Last-Event-ID", async () => {
    const { id, bearer } = await begin();
    expect((await post(`/${id}/messages`, { text: "How long does it take?", key: "k" }, bearer)).status).toBe(
      202,
    );
    const isAnswer = (_: string, data: string) => data.includes("three days");
    const all = await eventsOf(id, bearer, isAnswer);
    expect(all.map(({ type }) => type)).toEqual(["message", "message", "message"]);
    const again = await eventsOf(id, { ...bearer, "last-event-id": String(all[1]!.id) }, isAnswer);
    expect(again).toEqual([all[2]]);
    // The same message, sent again by a client that lost the connection.
    await post(`/${id}/messages`, { text: "How long does it take?", key: "k" }, bearer);
    expect(await eventsOf(id, bearer, isAnswer)).toHaveLength(3);
  });

  test("another's conversation, and one that is not there, are answered alike", async () => {
    const [mine, theirs] = [await begin(), await begin()];
    for (const [id, headers] of [
      [theirs.id, mine.bearer],
      [theirs.id, {}],
      ["0123456789abcdef", mine.bearer],
      ["..%2f", mine.bearer],
    ] as const) {
      expect((await post(`/${id}/messages`, { text: "Hi" }, headers)).status).toBe(404);
      expect((await fetch(`${served.url}v1/conversations/${id}/events`, { headers })).status).toBe(404);
    }
  });

  test("what is not JSON, not what is expected, or too long is refused with a reason", async () => {
    const { id, bearer } = await begin();
    const raw = (body: string) =>
      fetch(`${served.url}v1/conversations/${id}/messages`, { method: "POST", headers: bearer, body });
    expect((await raw("{")).status).toBe(400);
    expect((await raw('{"text": 7}')).status).toBe(400);
    expect((await raw(JSON.stringify({ text: "x".repeat(3000) }))).status).toBe(413);
    expect((await raw(JSON.stringify({ text: " " }))).status).toBe(400);
    expect((await post(`/${id}/confirm`, { question: "x", yes: true }, bearer)).status).toBe(409);
    expect((await post(`/${id}/close`, {}, bearer)).status).toBe(202);
    expect((await post(`/${id}/messages`, { text: "Hi" }, bearer)).status).toBe(410);
  });

  test("pages of listed origins may ask, and no others", async () => {
    const listed = await post("", {}, { origin: shopUrl });
    expect(listed.status).toBe(201);
    expect(listed.headers.get("access-control-allow-origin")).toBe(shopUrl);
    const other = await post("", {}, { origin: "https://evil.example", "sec-fetch-site": "cross-site" });
    expect(other.status).toBe(403);
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("the operators' pages", () => {
  test("are for those with the key: no token of a customer, no other origin, no wrong key", async () => {
    const { bearer } = await begin();
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${served.url}operator${path}`, { headers, redirect: "manual" });
    for (const headers of [{}, bearer, { cookie: "webrl_operator=a.b" }] as Record<string, string>[])
      expect((await get("", headers)).headers.get("location")).toBe("/operator/login");
    expect((await get("?key=wrong")).status).toBe(401);
    const cookie = (await get(`?key=${encodeURIComponent(KEY)}`)).headers.get("set-cookie")!.split(";")[0]!;
    expect((await get("", { cookie })).status).toBe(200);
    const foreign = await fetch(`${served.url}operator/c/0123456789abcdef/close`, {
      method: "POST",
      headers: { cookie, origin: shopUrl, "sec-fetch-site": "same-site" },
    });
    expect(foreign.status).toBe(403);
  });
});

test("in a browser: from the shop's page over identity, confirmation and approval to a person, and back", async () => {
  const [page, customers] = await openPage(shopUrl);
  const [operator, operators] = await openPage(served.operatorUrl);
  await page.getByRole("button", { name: "Help" }).press("Enter");
  await page.keyboard.type("Please cancel my order");
  await page.keyboard.press("Enter");
  await page.getByLabel("Order number").fill("13");
  await page.getByLabel("E-mail address").fill("emma.lopez@mail.test");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "does not look right" }).waitFor();
  await page.getByLabel("Order number").fill("1361");
  expect(await findFaults(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Yes, do it" }).click();
  await page.getByText("A colleague has to agree").waitFor();

  await operator.getByRole("link", { name: "cancel my order" }).click();
  await operator.getByRole("heading", { name: "Approval" }).waitFor();
  expect(await findFaults(operator)).toEqual([]);
  await operator.getByRole("button", { name: "Approve" }).click();
  await page.getByText("Order 1361 is canceled.").waitFor();

  await page.getByRole("button", { name: "Talk to a person" }).click();
  await operator.getByText("waits for a person").first().waitFor();
  await operator.getByLabel("Message to the customer").fill("Kim here <b>now</b>.");
  await operator.getByRole("button", { name: "Send and take over" }).click();
  await page.getByText("Kim here <b>now</b>.").waitFor();
  await operator.getByRole("button", { name: "Give back" }).click();
  await operator.getByText("gave it back").first().waitFor();

  // A page that is loaded again, and a service that is started again, show the same conversation.
  await page.reload();
  await page.getByRole("button", { name: "Help" }).click();
  await page.getByText("Order 1361 is canceled.").waitFor();
  await page.keyboard.press("Escape");
  expect(
    await page.getByRole("button", { name: "Help" }).evaluate((button) => button.matches(":focus")),
  ).toBe(true);
  await Promise.all([customers.close(), operators.close()]);
});

/** What has the focus, inside the widget as well. */
const focusOf = (page: Page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent;
  });

test("with the keyboard alone: the focus is taken from nobody who writes, and never lost", async () => {
  const [page, customers] = await openPage(shopUrl);
  const [operator, operators] = await openPage(served.operatorUrl);
  await page.getByRole("button", { name: "Help" }).press("Enter");
  await page.keyboard.type("Slowly, please cancel my order");
  await page.keyboard.press("Enter");
  await page.getByText("Writing").waitFor();
  await page.keyboard.type("and tell me when");
  letGo();
  await page.getByRole("form", { name: "I need to know who you are" }).waitFor();
  expect(await focusOf(page)).toBe("Your message");
  await page.getByRole("button", { name: "Talk to a person" }).press("Enter");
  await page.getByText("A person will answer here.").waitFor();
  expect(await focusOf(page)).toBe("Your message");

  const row = operator.getByRole("link", { name: "Slowly" });
  await row.focus();
  await page.keyboard.press("Enter");
  const same = operator.getByRole("link", { name: "and tell me when" });
  await same.waitFor();
  expect(await focusOf(operator)).toBe("customer: and tell me when");
  expect(await operator.locator("#news").textContent()).toMatch(/^\d+ wait for a person/);

  await page.keyboard.press("Escape");
  expect(await focusOf(page)).toBe("Help");
  await same.press("Enter");
  await operator.getByLabel("Message to the customer").fill("Kim here.");
  await operator.getByRole("button", { name: "Send and take over" }).press("Enter");
  await page.getByRole("button", { name: "Help (1 new)" }).press("Enter");
  await page.getByText("Kim here.").waitFor();
  expect(await focusOf(page)).toBe("Your message");
  await operator.getByRole("button", { name: "Close", exact: true }).press("Enter");
  await page.getByText("This chat is closed.").waitFor();
  expect(await focusOf(page)).toBe("New chat");
  await Promise.all([customers.close(), operators.close()]);
});

test("the widget fits a phone, and both pages have no faults in the dark", async () => {
  const phone = { viewport: { width: 360, height: 640 }, colorScheme: "dark" as const };
  const [page, customers] = await openPage(served.url, phone);
  await page.getByText("Hello! How can I help you?").waitFor();
  const box = await page.getByRole("dialog").boundingBox();
  expect(box).toMatchObject({ x: 0, y: 0, width: 360, height: 640 });
  expect(await findFaults(page)).toEqual([]);
  const [operator, operators] = await openPage(served.operatorUrl, phone);
  await operator.locator("tbody a").first().click();
  expect(await findFaults(operator)).toEqual([]);
  expect(await operator.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await Promise.all([customers.close(), operators.close()]);
});

test("a port in use is named before anything is started", async () => {
  const { port } = new URL(served.url);
  await expect(
    serveCustomers({ site: "store-admin", model, policy: SHOP_POLICY, port: Number(port) }),
  ).rejects.toThrow(`port ${port} is in use`);
});
