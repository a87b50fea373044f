/**
 * @file The store admin on a port of its own, with the requested number of products and orders, and a list of what was
 * written to it.
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listen } from "../../http/listen.ts";
import type { StoreState } from "../../sites/store/state.ts";
import { createWorld } from "../../sites/world.ts";

export interface ServedAdmin extends AsyncDisposable {
  url: string;
  store: StoreState;
  /** Path and form of every POST, in order. */
  writes: { path: string; fields: Record<string, string> }[];
  /** A file with the cookies of a signed-in user. */
  storageState: string;
}

const HOST = "admin.webrl.test";

/** `directory`: where to put the file of cookies. */
export async function serveAdmin(count: number, directory: string): Promise<ServedAdmin> {
  const world = createWorld(["store-admin"]);
  const { store } = world.state;
  const [product, order] = [store.products[0]!, store.orders[0]!];
  while (store.products.length < count) {
    const id = store.next.product++;
    store.products.push({ ...product, id, sku: `BENCH-${id}`, name: `Bench product ${id}`, enabled: true });
  }
  while (store.orders.length < count) {
    const id = store.next.order++;
    store.orders.push({ ...order, id, notes: [] });
  }
  const writes: ServedAdmin["writes"] = [];
  const app = world.hosts.get(HOST)!;
  const listening = await listen(
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = request.method === "POST" ? await request.text() : undefined;
      if (body !== undefined)
        writes.push({ path: pathname, fields: Object.fromEntries(new URLSearchParams(body)) });
      const headers = new Headers(request.headers);
      for (const name of ["origin", "referer"]) headers.delete(name);
      headers.set("host", HOST);
      return app(
        new Request(`http://${HOST}${pathname}${search}`, {
          method: request.method,
          headers,
          ...(body !== undefined && { body }),
        }),
      );
    },
    { port: 0 },
  );
  const cookies = world.cookies.map(({ name, value }) => ({
    name,
    value,
    domain: "127.0.0.1",
    path: "/",
    expires: -1,
    httpOnly: true,
    secure: false,
    sameSite: "Lax",
  }));
  const storageState = join(directory, "signed-in.json");
  await writeFile(storageState, JSON.stringify({ cookies, origins: [] }));
  return {
    url: `http://127.0.0.1:${listening.port}/`,
    store,
    writes,
    storageState,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}
