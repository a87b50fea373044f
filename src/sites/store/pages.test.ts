import { beforeAll, describe, expect, it } from "vitest";
import type { AppDefinition } from "../app.ts";
import * as admin from "../store-admin/index.ts";
import * as shop from "../storefront/index.ts";
import { createWorld, pristineState } from "../world.ts";
import type { WorldState } from "../world-state.ts";

/** Without the data of the other sites, which would be cloned and compared for nothing. */
let pristine: WorldState;
beforeAll(() => {
  const nothing = { forum: {}, forge: {}, map: {} } as unknown as WorldState;
  pristine = { ...pristineState(), ...nothing };
});

/** A browser without a browser: keeps cookies, follows redirects, posts forms. */
function visitor(app: AppDefinition, options: { signedIn?: boolean } = {}) {
  const { state } = createWorld();
  const site = app.create(state);
  const cookies = new Map<string, string>();
  if (options.signedIn ?? true) for (const { name, value } of app.signIn!(state)) cookies.set(name, value);
  async function go(
    path: string,
    form?: Record<string, string>,
  ): Promise<{ status: number; path: string; html: string }> {
    const response = await site.fetch(
      new Request(`http://${app.host}${path}`, {
        method: form ? "POST" : "GET",
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(form ? { body: new URLSearchParams(form) } : {}),
      }),
    );
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0]!.split("=");
      cookies.set(name!, value!);
    }
    const to = response.headers.get("location");
    if (to) return go(to);
    return { status: response.status, path, html: await response.text() };
  }
  return { state, go };
}

const unescape = (text: string) =>
  text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<");
const textOf = (html: string) =>
  unescape(html.replace(/<(script|style)[\s\S]*?<\/\1>/g, "").replace(/<[^>]+>/g, " "));

/** Role and accessible name of every link and button; dialogs are closed. */
function controls(html: string): string[] {
  const open = html.replace(/<dialog[\s\S]*?<\/dialog>/g, "").replace(/<script[\s\S]*?<\/script>/g, "");
  return [...open.matchAll(/<(a|button)\b([^>]*)>([\s\S]*?)<\/\1>/g)].map(([, tag, attributes, content]) => {
    const label = /aria-label="([^"]*)"/.exec(attributes!)?.[1] ?? content!.replace(/<[^>]+>/g, " ");
    return `${tag} ${unescape(label).replace(/\s+/g, " ").trim()}`;
  });
}

/** Every page that links lead to, the first three of each kind. */
async function crawl(app: AppDefinition, limit: number) {
  const { state, go } = visitor(app);
  const seen = new Set(["/"]);
  const kinds = new Map<string, number>();
  const pages: { path: string; status: number; html: string }[] = [];
  for (const path of seen) {
    if (pages.length >= limit) break;
    const page = await go(path);
    pages.push({ ...page, path });
    for (const [, href] of page.html.matchAll(/<a\b[^>]*href="([^"]+)"/g)) {
      const to = unescape(href!);
      const kind = to.replace(/\d+/g, "n").replace(/=.*/, "");
      if (!to.startsWith("/") || seen.has(to) || (kinds.get(kind) ?? 0) >= 3) continue;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      seen.add(to);
    }
  }
  return { state, pages };
}

describe.each([shop.app, admin.app])("every page of $title", (app) => {
  it("answers, names its controls once, is short, and reading it changes nothing", async () => {
    const { state, pages } = await crawl(app, 150);
    expect(pages.length).toBeGreaterThan(40);
    const wrong: string[] = [];
    for (const { path, status, html } of pages) {
      const names = controls(html);
      const main = textOf(/<main[\s\S]*<\/main>/.exec(html)![0].replace(/<option[\s\S]*?<\/option>/g, ""));
      const links = html
        .match(/<nav[\s\S]*?<\/nav>/g)!
        .join("")
        .match(/<a /g)!.length;
      if (status !== 200) wrong.push(`${path}: status ${status}`);
      for (const name of names.filter((n, i) => names.indexOf(n) !== i)) wrong.push(`${path}: twice ${name}`);
      if (names.some((name) => !name.includes(" "))) wrong.push(`${path}: a control without a name`);
      if (links > 8) wrong.push(`${path}: ${links} links of navigation`);
      if (path !== "/reports/sales" && main.split(/\s+/).length > 230) wrong.push(`${path}: too long`);
    }
    expect(wrong).toEqual([]);
    expect({ ...state.store, sessions: {} }).toEqual(pristine.store);
  });

  it("says so where there is nothing, and escapes what was typed", async () => {
    const { go } = visitor(app);
    expect((await go("/nowhere")).status).toBe(404);
    expect((await go("/orders/999999")).status).toBe(404);
    const list = app === shop.app ? "/search" : "/products";
    const { html } = await go(`${list}?q=${encodeURIComponent("<script>alert(1)</script>")}`);
    expect(html).toContain("found");
    expect(html).not.toContain("<script>alert");
  });
});

describe("signing in", () => {
  it("is asked for where a customer is needed, and leads back to the page", async () => {
    const { go } = visitor(shop.app, { signedIn: false });
    const asked = await go("/orders");
    expect(asked.path).toBe("/login?next=/orders");
    const wrong = await go(asked.path, { email: "emma.lopez@mail.test", password: "wrong" });
    expect(wrong.status).toBe(422);
    expect(wrong.html).toContain("Email or password is wrong.");
    const { passwordOf } = await import("./data/people.ts");
    const right = await go(asked.path, { email: "emma.lopez@mail.test", password: passwordOf(1) });
    expect(right.path).toBe("/orders");
    expect(right.html).toContain("Signed in as Emma Lopez.");
  });

  it("guards the store admin", async () => {
    const { go, state } = visitor(admin.app, { signedIn: false });
    expect((await go("/products/1")).path).toBe("/login");
    await go("/products/1", { name: "Stolen" });
    expect(state.store.products[0]!.name).toBe(pristine.store.products[0]!.name);
    expect((await go("/login", { user: "sam.carter", password: "ledger42" })).path).toBe("/");
  });

  it("shows customers only their own orders", async () => {
    const { go } = visitor(shop.app);
    const foreign = pristine.store.orders.find((o) => o.customerId !== 1)!;
    expect((await go(`/orders/${foreign.id}`)).status).toBe(404);
    await go(`/orders/${foreign.id}/cancel`, {});
  });
});

describe("one database", () => {
  it("the admin sees what a customer orders, and the customer sees the admin's price", async () => {
    const { state, go } = visitor(shop.app);
    const staff = admin.app.create(state);
    const [cookie] = admin.app.signIn!(state);
    const headers = { cookie: `${cookie!.name}=${cookie!.value}` };
    const product = state.store.products.find((p) => p.enabled && p.stock > 3)!;
    await go("/cart/add", { product: String(product.id), quantity: "2" });
    const failed = await go("/checkout", { address: "1", payment: "Card" });
    expect(failed.status).toBe(422);
    expect(failed.html).toContain("Choose a shipping method.");
    const done = await go("/checkout", { address: "1", payment: "Card", shipping: "Express" });
    expect(done.html).toContain(`Order ${pristine.store.next.order} is placed.`);
    const orders = await (
      await staff.fetch(new Request(`http://${admin.app.host}/orders`, { headers }))
    ).text();
    expect(orders).toContain(`Order ${pristine.store.next.order}`);
    const body = new URLSearchParams({ ...form(product), price: "77.35" });
    await staff.fetch(
      new Request(`http://${admin.app.host}/products/${product.id}`, { method: "POST", headers, body }),
    );
    expect((await go(`/product/${product.id}`)).html).toContain("$77.35");
  });

  const form = (product: { name: string; category: string; stock: number; description: string }) => ({
    name: product.name,
    category: product.category,
    stock: String(product.stock),
    description: product.description,
    enabled: "on",
  });

  it("private copies never see each other's changes", async () => {
    const one = visitor(shop.app);
    const other = visitor(shop.app);
    const product = pristine.store.products.find((p) => p.enabled && p.stock > 3)!;
    await one.go("/cart/add", { product: String(product.id), quantity: "1" });
    expect((await one.go("/cart")).html).toContain(product.name);
    expect((await other.go("/cart")).html).toContain("Your cart is empty.");
  });
});

it("covers with the tasks of both sites every category that a store can have", () => {
  const categories = new Set([...shop.templates, ...admin.templates].map((t) => t.category));
  for (const category of [
    "information retrieval",
    "shopping",
    "form filling",
    "extraction",
    "customer service",
    "content management",
    "shop operations",
    "navigation",
    "impossible",
  ] as const)
    expect(categories).toContain(category);
});
