import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveSites } from "./serve.ts";
import type { ServedSites } from "./serve.ts";

let served: ServedSites;
beforeAll(async () => {
  served = await serveSites({ port: 0 });
});
afterAll(async () => served[Symbol.asyncDispose]());

/** `fetch` does not let the Host header be set. */
function get(host: string, path: string, init: { method?: string; cookie?: string } = {}) {
  return new Promise<{ status: number; location?: string; cookies: string[]; body: string }>(
    (resolve, reject) => {
      const headers = { host: `${host}:${served.port}`, ...(init.cookie ? { cookie: init.cookie } : {}) };
      const asked = request(
        { port: served.port, host: "127.0.0.1", path, method: init.method ?? "GET", headers },
        (r) => {
          let body = "";
          r.on("data", (chunk: Buffer) => (body += chunk.toString()));
          r.on("end", () =>
            resolve({
              status: r.statusCode!,
              ...(r.headers.location ? { location: r.headers.location } : {}),
              cookies: r.headers["set-cookie"] ?? [],
              body,
            }),
          );
        },
      );
      asked.on("error", reject);
      asked.end();
    },
  );
}

test("the index page links to every site, on names below localhost", async () => {
  const { body } = await get("localhost", "/");
  for (const name of ["shop", "admin", "forum", "forge", "map"])
    expect(body).toContain(`http://${name}.localhost:${served.port}/`);
});

test("a site answers on its own name, and no page leads to a host that an ordinary browser cannot reach", async () => {
  const { status, body } = await get("map.localhost", "/search?category=Cafe");
  expect(status).toBe(200);
  expect(body).toContain("Blue Door Cafe");
  for (const name of ["shop", "admin", "forum", "forge", "map"])
    expect((await get(`${name}.localhost`, "/")).body).not.toContain("webrl.test");
});

test("other host names are refused", async () => {
  expect((await get("map.example.com", "/")).status).toBe(403);
  expect((await get("nothing.localhost", "/")).status).toBe(404);
});

test("signing in, changing something, and resetting", async () => {
  const { cookies } = await get("map.localhost", "/__sign-in");
  const cookie = cookies.map((c) => c.split(";")[0]).join("; ");
  expect((await get("map.localhost", "/lists", { cookie })).body).toContain("Favourites");
  await get("map.localhost", "/lists/1/delete", { cookie, method: "POST" });
  expect((await get("map.localhost", "/lists", { cookie })).body).not.toContain("Favourites");
  expect((await get("localhost", "/reset", { method: "POST" })).status).toBe(303);
  expect((await get("map.localhost", "/lists", { cookie })).body).toContain("Favourites");
});

test("a port in use is the user's mistake", async () => {
  await expect(serveSites({ port: served.port })).rejects.toThrow(`port ${served.port} is in use`);
});
