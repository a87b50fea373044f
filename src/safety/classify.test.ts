import { expect, it } from "vitest";
import { amountAfter, amountInFields, amountInLabel, amountOnTop } from "./amount.ts";
import { classify, judge, pathFits } from "./classify.ts";
import { effectOfLabels } from "./words.ts";

async function effect(method: string, url: string, body = "", type = "application/json", headers = {}) {
  const request = { method, url, headers: { "content-type": type, ...headers }, body: Buffer.from(body) };
  return classify(await judge(request), new Map(), ["a.example"]).effect;
}
const FORM = "application/x-www-form-urlencoded";

it.each([
  ["POST", "https://a.example/checkout", "", "buy"],
  ["POST", "https://a.example/api/v1/placeOrder", "{}", "buy"],
  ["POST", "https://a.example/payments", "{}", "pay"],
  ["POST", "https://a.example/messages/new", "", "send"],
  ["POST", "https://a.example/p/3/comment", "", "publish"],
  ["DELETE", "https://a.example/x/3", "", "delete"],
  ["POST", "https://a.example/x/3/delete", "", "delete"],
  ["POST", "https://a.example/x", '{"action":"delete"}', "delete"],
  ["POST", "https://a.example/wp-admin/admin-ajax.php?action=trash-post", "", "delete"],
  [
    "POST",
    "https://a.example/graphql",
    '{"operationName":"DeletePost","query":"mutation DeletePost { deletePost(id: 1) { id } }"}',
    "delete",
  ],
  ["POST", "https://a.example/graphql", '{"query":"mutation { placeOrder(id: 1) { id } }"}', "buy"],
  [
    "POST",
    "https://a.example/graphql",
    '[{"query":"query { a }"},{"operationName":"sendMessage","query":"mutation sendMessage { sendMessage(a: 1) }"}]',
    "send",
  ],
  [
    "POST",
    "https://a.example/graphql",
    '{"operationName":"Orders","query":"query Orders { orders { id } }"}',
    "change",
  ],
  ["POST", "https://a.example/collect", "{}", "change"],
  ["POST", "https://a.example/cart/add", "{}", "change"],
  ["POST", "https://a.example/login", "{}", "change"],
  ["POST", "https://a.example/sign-in", "{}", "change"],
  ["POST", "https://b.example/collect", "{}", "send"],
  ["GET", "https://a.example/item/3/delete", "", "delete"],
  ["GET", "https://a.example/admin?action=delete&id=3", "", "delete"],
  ["GET", "https://a.example/delete.php?id=3", "", "delete"],
  ["GET", "https://a.example/product/delete-key-cover", "", null],
  ["GET", "https://a.example/orders", "", null],
  ["GET", "https://a.example/messages/3", "", null],
  ["GET", "https://a.example/search?q=delete", "", null],
  ["PUT", "https://a.example/profile", "{}", "change"],
  ["WS", "wss://a.example/socket", '{"type":"sendMessage","text":"hi"}', "send"],
  ["WS", "wss://a.example/socket", '{"type":"ping"}', "message"],
])("%s %s %s is %s", async (method, url, body, expected) => {
  expect(await effect(method, url, body)).toBe(expected);
});

it("a form that overrides its method is what it overrides it with", async () => {
  expect(await effect("POST", "https://a.example/x/3", "_method=DELETE", FORM)).toBe("delete");
  expect(
    await effect("POST", "https://a.example/x/3", "", FORM, { "x-http-method-override": "DELETE" }),
  ).toBe("delete");
});

it("what the site declares goes before all words", async () => {
  const declarations = new Map([
    [
      "a.example",
      [
        { path: "/api/:version/go", kind: "sign" as const },
        { path: "/checkout/address", kind: "none" as const },
        { method: "GET", path: "/bye/*", kind: "delete" as const },
        {
          path: "/graphql",
          fields: { operationName: "x" },
          kind: "pay" as const,
          amount: { field: "variables.sum" },
        },
      ],
    ],
  ]);
  const of = async (method: string, url: string, body = "") => {
    const request = { method, url, headers: { "content-type": "application/json" }, body: Buffer.from(body) };
    return classify(await judge(request), declarations, ["a.example"]);
  };
  expect((await of("POST", "https://a.example/api/2/go")).effect).toBe("sign");
  expect((await of("POST", "https://a.example/checkout/address")).effect).toBe("change");
  expect((await of("GET", "https://a.example/bye/3/4")).effect).toBe("delete");
  expect(
    await of("POST", "https://a.example/graphql", '{"operationName":"x","variables":{"sum":"12.50"}}'),
  ).toMatchObject({
    effect: "pay",
    amount: 12.5,
  });
});

it("paths fit by their segments", () => {
  expect(pathFits("/orders/:id/cancel", "/orders/7/cancel")).toBe(true);
  expect(pathFits("/orders/:id/cancel", "/orders/7/cancel/")).toBe(true);
  expect(pathFits("/orders/:id/cancel", "/orders//cancel")).toBe(false);
  expect(pathFits("/orders/:id", "/orders/7/cancel")).toBe(false);
  expect(pathFits("/admin/*", "/admin/a/b")).toBe(true);
  expect(pathFits("/admin/*", "/administrator")).toBe(false);
});

it.each([
  ["Place order", "buy"],
  ["Buy now", "buy"],
  ["Jetzt kaufen", "buy"],
  ["Zahlungspflichtig bestellen", "pay"],
  ["Commander", "buy"],
  ["Pagar", "pay"],
  ["下单", "buy"],
  ["Pay $10", "pay"],
  ["Delete", "delete"],
  ["De\u200Blete", "delete"],
  ["Löschen", "delete"],
  ["Supprimer", "delete"],
  ["Удалить", "delete"],
  ["Cancel order", "delete"],
  ["Cancel", null],
  ["Send message", "send"],
  ["Submit", "send"],
  ["Publish", "publish"],
  ["Submit review", "publish"],
  ["I agree", "sign"],
  ["Sign in", null],
  ["Log out", null],
  ["Search", null],
  ["Apply filters", null],
  ["Add to cart", null],
  ["Remove from cart", null],
  ["Next", null],
  ["Orders", null],
])("a button called %s is %s", (label, expected) => {
  expect(effectOfLabels([label])).toBe(expected);
});

it("of several names the gravest counts", () => {
  expect(effectOfLabels(["Next page", "Delete everything"])).toBe("delete");
});

it("amounts are found in pages, buttons and fields", () => {
  expect(amountAfter("Order total", "Items $30.00 Order total $34.00 Place order")).toBe(34);
  expect(amountAfter("Order total", "nothing")).toBeNull();
  expect(amountInLabel("Pay $10.00 now")).toBe(10);
  expect(amountInLabel("Pay with card 4111")).toBeNull();
  expect(
    amountInFields([
      ["order.total", "34.00"],
      ["qty", "900"],
    ]),
  ).toBe(34);
  expect(
    amountInFields([
      ["amount", "10"],
      ["grand_total", "12"],
    ]),
  ).toBe(12);
});

it("what comes on top is what is chosen, and not known where nothing that is declared is", () => {
  const plus = { shipping: { standard: 5, express: 12 }, wrap: { yes: 2, no: 0 } };
  expect(
    amountOnTop(plus, [
      ["shipping", "express"],
      ["wrap", "yes"],
    ]),
  ).toBe(14);
  expect(
    amountOnTop(plus, [
      ["shipping", "drone"],
      ["wrap", "no"],
    ]),
  ).toBeNull();
  expect(amountOnTop(plus, [["wrap", "no"]])).toBeNull();
  expect(
    amountOnTop(plus, [
      ["shipping", "standard"],
      ["shipping", "express"],
      ["wrap", "no"],
    ]),
  ).toBeNull();
  expect(
    amountOnTop(plus, [
      ["shipping", "toString"],
      ["wrap", "no"],
    ]),
  ).toBeNull();
});
