import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { amountAfter, amountInFields, amountInLabel, amountOfField, amountOnTop } from "./amount.ts";
import { classify, pathFits, pathMayFit } from "./classify.ts";
import { judge } from "./request.ts";
import { effectOfLabels } from "./words.ts";

async function effect(method: string, url: string, body = "", type = "application/json", headers = {}) {
  const request = { method, url, headers: { "content-type": type, ...headers }, body: Buffer.from(body) };
  return classify(await judge(request), new Map(), ["a.example"]).effect;
}

it("several requests in one body are each looked at", async () => {
  const body = (line: string) => `--b\r\ncontent-type: application/http\r\n\r\n${line} HTTP/1.1\r\n\r\n--b--`;
  const sent = (line: string) =>
    effect("POST", "https://a.example/batch", body(line), "multipart/mixed; boundary=b");
  expect(await sent("DELETE /items/3")).toBe("delete");
  expect(await sent("POST /orders/3/refund")).toBe("pay");
  expect(await sent("GET /items/delete")).toBe("change");
});

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
  ["PURGE", "https://a.example/x/3", "", "delete"],
  ["LOCK", "https://a.example/x/3", "", "change"],
  ["POST", "https://a.example/x/3?delete", "", "delete"],
  ["POST", "https://a.example/deleteaccount", "", "delete"],
  ["POST", "https://a.example/x", '{"action":"cancelorder"}', "delete"],
  ["POST", "https://a.example/DELETEAccount", "", "delete"],
  ["GET", "https://a.example/deleteaccount", "", "delete"],
  ["POST", "https://a.example/shop.v1.OrderService/PlaceOrder", "\u0000", "buy"],
  ["POST", "https://a.example/x", '{"index":{"id":1}}\n{"delete":{"id":2}}\n', "delete"],
  ["POST", "https://a.example/x", '\uFEFF{"action":"delete"}', "delete"],
  ["POST", "https://a.example/x", "a=1&action=delete", "delete"],
  [
    "POST",
    "https://a.example/x",
    '{"requests":[{"method":"GET"},{"method":"DELETE","url":"/x/3"}]}',
    "delete",
  ],
  [
    "POST",
    "https://a.example/x",
    "<methodCall><methodName>wp.deletePost</methodName></methodCall>",
    "delete",
  ],
  ["POST", "https://a.example/x", '{"requests":[{"method":"POST","url":"/orders/3/refund?a=1"}]}', "pay"],
  ["POST", "https://a.example/x", '{"requests":[{"method":"POST","url":"/drafts"}]}', "change"],
  ["POST", "https://a.example/x", "<p>delete</p>", "change"],
  ["POST", "https://a.example/x", '{"text":"delete it"}\n{"text":"all"}', "change"],
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

it.each([
  ["mutations beside others", '{"query":"mutation { addToCart(id:1){id} deleteAccount { id } }"}', "delete"],
  ["a fragment", '{"query":"mutation M { ...F } fragment F on Mutation { deleteAccount { id } }"}', "delete"],
  [
    "an inline fragment",
    '{"query":"mutation { ... @include(if: true) { x: deleteAccount { id } } }"}',
    "delete",
  ],
  ["a comment with a brace", '{"query":"mutation { # {\\n deleteAccount }"}', "delete"],
  ["a comment before it", '{"query":"#query\\nmutation { deleteAccount }"}', "delete"],
  ["defaults with braces", '{"query":"mutation($i: In = {a: 1}) { deleteAccount(i: $i) { id } }"}', "delete"],
  ["what a query asks for", '{"query":"query { deleteLog { orders { id } } }"}', "change"],
  ["what a mutation gives back", '{"query":"mutation { rename(id: 1) { orders { id } } }"}', "change"],
  ["JSON in a field", '{"data":"{\\"action\\":\\"delete\\"}"}', "delete"],
  ["a query and an action", '{"query":"{ x }","action":"delete"}', "delete"],
  ["a state", '{"status":"cancelled"}', "delete"],
  ["a flag", '{"is_published":true}', "publish"],
  ["a flag that is off", '{"publish":false}', "change"],
  ["a draft that is sent", '{"action":"send_draft"}', "send"],
  ["a draft that is kept", '{"action":"save_draft"}', "change"],
  [
    "much before it",
    JSON.stringify({ items: Array.from({ length: 900 }, () => 1), action: "delete" }),
    "delete",
  ],
  ["depth", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)},"action":"delete"}`, "delete"],
])("of JSON counts %s", async (_, body, expected) => {
  expect(await effect("POST", "https://a.example/api", body)).toBe(expected);
});

it.each([
  ["application/graphql", "mutation { deleteAccount { id } }", {}],
  [FORM, `operations=${encodeURIComponent('{"query":"mutation { deleteAccount }"}')}`, {}],
  [FORM, `payload=${encodeURIComponent('{"action":"delete"}')}`, {}],
  [FORM, "delete=1", {}],
  ["text/xml", "<s:Envelope><s:Body><DeleteAccount/></s:Body></s:Envelope>", {}],
  ["text/xml", "<methodCall><methodName>account.delete</methodName></methodCall>", {}],
  ["application/octet-stream", "?", { soapaction: '"urn:x#DeleteAccount"' }],
])("%s: %s deletes", async (type, body, headers) => {
  expect(await effect("POST", "https://a.example/api", body, type, headers)).toBe("delete");
});

it("a compressed body is read", async () => {
  const body = gzipSync('{"action":"delete"}');
  const request = {
    method: "POST",
    url: "https://a.example/api",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    body,
  };
  expect(classify(await judge(request), new Map(), ["a.example"]).effect).toBe("delete");
});

it.each([
  '42["deleteAccount",{}]',
  '42/admin,7["deleteAccount",{}]',
  '{"type":1,"target":"DeleteAccount","arguments":[]}\u001e',
  '["1","2","room:1","delete_post",{}]',
  "SEND\ncontent-type:a\ndestination:/app/delete\n\nx\0",
])("the message %s deletes", async (message) => {
  expect(await effect("WS", "wss://a.example/socket", message)).toBe("delete");
});

it.each([
  ["/deleteAccount?id=3", "delete"],
  ["/delete_item/3", "delete"],
  ["/delete-account", "delete"],
  ["/items/3/delete;jsessionid=1", "delete"],
  ["/items/3/delete%20", "delete"],
  ["/v1/items/3:delete", "delete"],
  ["/x?mode=delete", "delete"],
  ["/graphql?query=mutation%7BdeleteAccount%7Bid%7D%7D", "delete"],
  ["/transfer?to=mallory&amount=900", "pay"],
  ["/transfer", null],
  ["/orders/7", null],
  ["/blog/how-to-delete-a-file", null],
  ["/delete-key-cover", null],
])("opening %s is %s", async (path, expected) => {
  expect(await effect("GET", `https://a.example${path}`)).toBe(expected);
});

it.each([
  ["/account/delete/seen", "delete"],
  ["/messages/send-draft", "send"],
  ["/orders/preview", "change"],
  ["/bestellen", "buy"],
  ["/compte/supprimer", "delete"],
])("posting to %s is %s", async (path, expected) => {
  expect(await effect("POST", `https://a.example${path}`, "{}")).toBe(expected);
});

it("a header hides no method: what only reads is not believed", async () => {
  for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
    expect(await effect("POST", "https://a.example/checkout", "{}", FORM, { [name]: "GET" })).toBe("buy");
    expect(await effect("POST", "https://a.example/x", "{}", FORM, { [name]: "DELETE" })).toBe("delete");
  }
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

it("what restricts fits other spellings of a path, what permits does not", async () => {
  for (const path of ["/Pay", "//pay", "/pay;v=1", "/pay/"]) expect(pathMayFit("/pay", path)).toBe(true);
  expect(pathMayFit("/pay", "/payments")).toBe(false);
  const declared = (kind: "pay" | "none") => new Map([["a.example", [{ path: "/api/7", kind }]]]);
  const of = async (path: string, kind: "pay" | "none") => {
    const request = { method: "POST", url: `https://a.example${path}`, headers: {}, body: Buffer.from("") };
    return classify(await judge(request), declared(kind), ["a.example"]);
  };
  expect((await of("/API//7", "pay")).effect).toBe("pay");
  expect((await of("/API/7", "none")).declaration).toBeNull();
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
  ["Order", "buy"],
  ["deleteAccount", "delete"],
  ["D e l e t e", "delete"],
  ["D\u0332elete", "delete"],
  ["D\u0435lete", "delete"],
  ["\u202EeteleD", "delete"],
  ["🗑️", "delete"],
  ["Precio del producto", null],
  ["Köp nu", "buy"],
  ["Sil", "delete"],
  ["Ta bort", "delete"],
  ["Видалити", "delete"],
  ["Διαγραφή", "delete"],
  ["حذف", "delete"],
  ["हटाएं", "delete"],
  ["Thanh toán", "pay"],
  ["ชำระเงิน", "pay"],
  ["Gönder", "send"],
])("a button called %s is %s", (label, expected) => {
  expect(effectOfLabels([label])).toBe(expected);
});

it("of several names the gravest counts", () => {
  expect(effectOfLabels(["Next page", "Delete everything"])).toBe("delete");
});

it("a button says all that it says, other texts only in few words", () => {
  const long = `${"and so on ".repeat(9)}delete my account`;
  expect(effectOfLabels([long])).toBeNull();
  expect(effectOfLabels([long], true)).toBe("delete");
});

it.each([
  ["Pay $1 000", 1000],
  ["Pay 1\u202F000,00 €", 1000],
  ["Pay Rs. 1,00,000", 100_000],
  ["Pay 10.000.000 ₫", 10_000_000],
  ["ادفع ١٬٠٠٠ $", 1000],
  ["Pay 900,- €", 900],
  ["Pay 900 USDT", 900],
  ["Pay $10k", null],
  ["Pay $10 million", null],
  ["Pay $1e3", null],
])("%s names %s", (label, amount) => {
  expect(amountInLabel(label)).toBe(amount);
});

it.each([
  [
    [
      ["price", "10"],
      ["qty", "900"],
    ],
    9000,
  ],
  [
    [
      ["items.0.price", "40"],
      ["items.1.price", "40"],
      ["items.1.qty", "2"],
    ],
    120,
  ],
  [
    [
      ["price", "10"],
      ["total", "34"],
    ],
    34,
  ],
  [[["amount.value", "900"]], 900],
  [
    [
      ["amount", "10"],
      ["amount[]", "900"],
    ],
    900,
  ],
  [
    [
      ["amount_cents", "100000"],
      ["price", "10"],
    ],
    1000,
  ],
  [[["amount", "１０００"]], 1000],
  [[["amount", "1e3"]], null],
  [[["amount", "0x3e8"]], null],
  [
    [
      ["amount", "10k"],
      ["price", "10"],
    ],
    null,
  ],
  [
    [
      ["amount", ""],
      ["price", "10"],
    ],
    10,
  ],
] as const)("fields %j hold %s", (fields, amount) => {
  expect(amountInFields(fields)).toBe(amount);
});

it("a declared amount that is sent twice is the higher one", () => {
  expect(
    amountOfField("sum", [
      ["sum", "10"],
      ["sum", "1000"],
    ]),
  ).toBe(1000);
  expect(
    amountOfField("sum", [
      ["sum", "10"],
      ["sum", "all"],
    ]),
  ).toBeNull();
  expect(amountOfField("sum", [["total", "10"]])).toBeUndefined();
});

it("amounts are found in pages, buttons and fields", () => {
  expect(amountAfter("Order total", "Items $30.00 Order total $34.00 Place order")).toBe(34);
  expect(amountAfter("Order total", "nothing")).toBeNull();
  expect(amountAfter("Order total", "Order total 1 000,00 €")).toBe(1000);
  expect(amountAfter("Order total", "Order total 10k")).toBeNull();
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
