/** @file For the tests of jobs: a shop of a few pages that records and counts what is done to it. */

import { html } from "../../../browser/test-support.ts";
import type { HostFetch } from "../../../browser/world.ts";
import { parseAction } from "../../../text/action.ts";
import type { Policy, Turn } from "../../../rollout/policy.ts";
import type { JobInput } from "../definition.ts";

export interface TestShop {
  products: Map<string, { price: string; stock: string }>;
  posts: string[];
  /** What was sent, in order: `price mug 12.50`. */
  writes: string[];
  /** Answers instead of the shop if it returns something. */
  instead: ((request: Request) => Response | undefined) | null;
  app: HostFetch;
}

const row = (name: string, { price, stock }: { price: string; stock: string }) =>
  `<tr><td><a href="/product/${name}">${name}</a></td><td>$${price}</td><td>${stock}</td></tr>`;

const form = (name: string, { price, stock }: { price: string; stock: string }) =>
  `<h1>${name}</h1><form method=post><label>Price <input name=price value="${price}"></label>
   <label>Stock <input name=stock value="${stock}"></label><button>Save product</button></form>`;

export function testShop(names: readonly string[]): TestShop {
  const shop: TestShop = {
    products: new Map(names.map((name) => [name, { price: "10.00", stock: "5" }])),
    posts: [],
    writes: [],
    instead: null,
    app: async (request) => shop.instead?.(request) ?? answer(shop, request),
  };
  return shop;
}

async function answer(shop: TestShop, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const sent = request.method === "POST" ? new URLSearchParams(await request.text()) : null;
  const back = (to: string) => new Response(null, { status: 303, headers: { location: to } });
  if (pathname === "/products") {
    const query = searchParams.get("q") ?? "";
    const rows = [...shop.products].filter(([name]) => name.includes(query));
    return html(
      `<h1>Products</h1><table><thead><tr><th>Product<th>Price<th>Stock</thead>${rows.map(([name, at]) => row(name, at)).join("")}</table>`,
    );
  }
  const product = /^\/product\/(.+)$/.exec(pathname)?.[1];
  if (product !== undefined) {
    const at = shop.products.get(decodeURIComponent(product));
    if (!at) return html("<h1>Not found</h1>", { status: 404 });
    if (!sent) return html(form(product, at));
    at.price = Number(sent.get("price")).toFixed(2);
    at.stock = sent.get("stock")!;
    shop.writes.push(`${product} ${at.price} ${at.stock}`);
    return back(pathname);
  }
  if (pathname === "/posts") {
    if (!sent)
      return html(
        `<h1>Posts</h1><ul>${shop.posts.map((title) => `<li><b>${title}</b></li>`).join("")}</ul><form method=post><label>Title <input name=title></label><button>Publish</button></form>`,
      );
    shop.posts.push(sent.get("title")!);
    shop.writes.push(`post ${sent.get("title")!}`);
    return back("/posts");
  }
  return html("<h1>Shop</h1>");
}

/** Prices and stock. */
export const PRICES: JobInput = {
  key: "sku",
  instruction: "Set the price of {sku} to {price} and its stock to {stock}",
  start: "/product/{sku}",
  effect: {
    open: "/products?q={sku}",
    values: {
      price: { label: "Price", in: "{sku}", as: "number", wanted: "{price}" },
      stock: { label: "Stock", in: "{sku}", as: "number", wanted: "{stock}" },
    },
    settleSeconds: 0,
  },
};

export const POSTS: JobInput = {
  key: "title",
  instruction: "Publish a post {title}",
  creates: true,
  effect: {
    open: "/posts",
    shows: "Posts",
    values: { post: { text: "{title}", wanted: "{title}" } },
    settleSeconds: 0,
  },
};

/** Does what the instructions of {@link PRICES} and {@link POSTS} say. */
export function shopkeeper(before?: (turn: Turn) => Promise<void> | void): Policy {
  return {
    name: "shopkeeper",
    begin: () => async (turn) => {
      await before?.(turn);
      const response = replyTo(turn);
      return { kind: "act", response, action: parseAction(response) };
    },
  };
}

function replyTo({ task, history }: Turn): string {
  const at = history.length;
  const post = /^Publish a post (.+)$/.exec(task.instruction)?.[1];
  const product = /to (\S+) and its stock to (\S+)$/.exec(task.instruction);
  const type = (label: string, text: string) =>
    `do(action="Type", argument=${JSON.stringify(text)}, element="textbox ${label}")`;
  const replies = post
    ? [type("Title", post), `do(action="Click", element="button Publish")`]
    : [
        type("Price", product![1]!),
        type("Stock", product![2]!),
        `do(action="Click", element="button Save product")`,
      ];
  return replies[at] ?? `exit(message="")`;
}
