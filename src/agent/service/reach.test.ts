import { describe, expect, test } from "vitest";
import type { EpisodeGuard, OutgoingRequest } from "../../browser/guard.ts";
import { parseServicePolicy } from "./policy.ts";
import { guardLooking, guardReach, openReach } from "./reach.ts";
import { SHOP_POLICY } from "./testing/shop-service.ts";

const HOST = "admin.webrl.test";
const { pages } = parseServicePolicy(SHOP_POLICY);
const at = (path: string, host = HOST) => new URL(`http://${host}${path}`);
const emma = { order: "1361", email: "emma.lopez@mail.test", customer: "1" };

describe("before the customer is known", () => {
  const reach = openReach(pages, HOST);
  test.each(["/pages", "/pages/3", "/products/7?x=1"])("%s can be read", (path) => {
    expect(reach.allows(at(path), "GET")).toBe(true);
  });
  test.each([
    "/orders/1361",
    "/orders",
    "/customers/1",
    "/",
    "/pages/../orders/1361",
    "/pages/%2e%2e/orders/1361",
    "/pages/..%2forders",
    "/pages//orders",
    "/pages/;/orders",
  ])("%s cannot", (path) => {
    expect(reach.allows(at(path), "GET")).toBe(false);
  });
  test("pages for anybody are only read", () => {
    expect(reach.allows(at("/pages/3"), "POST")).toBe(false);
  });
  test("another host has no pages for anybody", () => {
    expect(reach.allows(at("/pages", "shop.webrl.test"), "GET")).toBe(false);
  });
});

describe("for a customer who is known", () => {
  const reach = openReach(pages, HOST);
  reach.customer = emma;
  test.each(["/orders/1361", "/orders/1361/cancel", "/customers/1/orders"])("%s is theirs", (path) => {
    expect(reach.allows(at(path), "POST")).toBe(true);
  });
  test.each([
    "/orders/1362",
    "/orders/13610",
    "/orders",
    "/customers/10",
    "/customers/2/orders",
    "/orders/1361/../1362",
  ])("%s is not", (path) => {
    expect(reach.allows(at(path), "GET")).toBe(false);
  });
  test("what one of their lists links to is theirs, and what other pages link to is not", () => {
    reach.sawLinks(at("/orders/1361").href, [at("/orders/1400").href]);
    expect(reach.allows(at("/orders/1400"), "GET")).toBe(false);
    reach.sawLinks(at("/customers/1/orders?page=2").href, [at("/orders/1379").href, at("/returns/9").href]);
    expect(reach.allows(at("/orders/1379/cancel"), "POST")).toBe(true);
    expect(reach.allows(at("/returns/9"), "GET")).toBe(false);
  });
});

describe("at the network", () => {
  const request = (path: string, given: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
    method: "GET",
    url: at(path).href,
    headers: { accept: "*/*" },
    body: new Uint8Array(),
    ...given,
  });
  const open = (): [EpisodeGuard, ReturnType<typeof openReach>] => {
    const reach = openReach(pages, HOST);
    return [guardReach(reach, guardLooking)({}, () => []), reach];
  };

  test("a customer's page is stopped, the agent learns that, and the runtime learns that the customer is wanted", async () => {
    const [guard, reach] = open();
    expect(await guard.request(request("/orders/1361"))).toBeNull();
    expect(guard.takeStopped()[0]).toContain("/identify");
    expect(reach.wantsIdentity).toBe(true);
  });

  test("what pages are drawn with passes, and data does not pass as such", async () => {
    const [guard] = open();
    expect(await guard.request(request("/app.css"))).not.toBeNull();
    expect(await guard.request(request("/logo", { headers: { "sec-fetch-dest": "image" } }))).not.toBeNull();
    expect(await guard.request(request("/orders/1361.css", { headers: { accept: "text/html" } }))).toBeNull();
    expect(await guard.request(request("/orders.js", { headers: { "sec-fetch-dest": "empty" } }))).toBeNull();
    expect(await guard.request(request("/app.css", { method: "POST" }))).toBeNull();
  });
});
