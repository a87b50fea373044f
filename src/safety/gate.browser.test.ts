import { afterAll, beforeAll, expect, it } from "vitest";
import { BrowserPool } from "../browser/pool.ts";
import { html, open, pages } from "../browser/test-support.ts";
import type { Question } from "./approval.ts";
import { guardBy } from "./episode-gate.ts";
import { openGate } from "./gate.ts";
import type { AuditEntry } from "./gate.ts";
import { startSpent } from "./ledger.ts";
import { parsePolicy } from "./policy.ts";
import type { SafetySettings } from "./policy.ts";

let pool: BrowserPool;
beforeAll(() => {
  pool = new BrowserPool();
});
afterAll(() => pool[Symbol.asyncDispose]());

/** A shop that counts what reaches it. */
function shop(markup: string) {
  const reached: string[] = [];
  const app = pages({ "/": markup });
  return {
    reached,
    host: async (request: Request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/") return app(request);
      reached.push(`${request.method} ${pathname}${search} ${await request.text()}`.trim());
      return html("<h1>Done</h1>");
    },
  };
}

function gateOf(settings: SafetySettings, approve: ((question: Question) => boolean) | null) {
  const questions: Question[] = [];
  const entries: AuditEntry[] = [];
  const gate = openGate({
    policy: parsePolicy(settings),
    approver: approve
      ? async (question) => {
          questions.push(question);
          return { approved: approve(question), by: "anna" };
        }
      : undefined,
    audit: { append: (entry) => void entries.push(entry), sumSpent: startSpent },
  });
  return { guard: guardBy(gate), questions, entries };
}

/** A person who says yes after this many milliseconds. */
function slowGate(ms: number) {
  const entries: AuditEntry[] = [];
  const gate = openGate({
    policy: parsePolicy({}),
    approver: () =>
      new Promise((resolve) => {
        setTimeout(() => resolve({ approved: true, by: "anna" }), ms);
      }),
    audit: { append: (entry) => void entries.push(entry), sumSpent: startSpent },
  });
  return { gate, entries };
}

const ORDER = `<form method=post action=/orders><input name=total value=12 type=hidden><button>Place order</button></form>`;

it("a person is asked before a form that buys is touched, and the request that was shown leaves once", async () => {
  const site = shop(ORDER);
  const { guard, questions, entries } = gateOf({}, () => true);
  await using test = await open(pool, site.host, { guard });
  const page = await test.act('do(action="Click", element="button Place order")');
  expect(page.error).toBeNull();
  expect(site.reached).toEqual(["POST /orders total=12"]);
  expect(questions.map(({ intent }) => [intent.effect, intent.amount, intent.by])).toEqual([
    ["buy", 12, "agent"],
  ]);
  expect(entries.map((entry) => (entry.kind === "outcome" ? entry.outcome : entry.granted))).toEqual([
    true,
    "answered 200",
  ]);
});

it("without approval nothing leaves, and the agent learns that", async () => {
  const site = shop(ORDER);
  const { guard } = gateOf({}, null);
  await using test = await open(pool, site.host, { guard });
  const page = await test.act('do(action="Click", element="button Place order")');
  expect(page.error?.code).toBe("blocked");
  expect(page.error?.message).toContain("nobody is there to be asked");
  expect(page.text).toContain("Place order");
  expect(site.reached).toEqual([]);
});

it("a script's request is held at the network until it is approved", async () => {
  const site = shop(
    `<button onclick="fetch('/api/7', {method: 'POST', body: 'x=1'}).then((r) => document.body.append('answer ' + r.status))">Buy now</button>`,
  );
  const { guard, questions } = gateOf({}, () => true);
  await using test = await open(pool, site.host, { guard });
  const page = await test.act('do(action="Click", element="button Buy now")');
  expect(page.error).toBeNull();
  expect(page.text).toContain("answer 200");
  expect(questions.map(({ intent }) => intent.url)).toEqual(["http://shop.test/api/7"]);
  expect(site.reached).toEqual(["POST /api/7 x=1"]);
});

it("a person may take longer than a page may take to answer", async () => {
  const site = shop(
    ORDER.replace(
      "<button",
      `<script>document.querySelector("form").total.value = 12</script><button onclick="this.form.action='/orders/big'"`,
    ),
  );
  const { gate } = slowGate(900);
  await using test = await open(pool, site.host, {
    guard: guardBy(gate),
    limits: { navigationMs: 300, responseMs: 300, settleMs: 200 },
  });
  const page = await test.act('do(action="Click", element="button Place order")');
  expect(page.text).toContain("Done");
  expect(site.reached).toEqual(["POST /orders/big total=12"]);
});

it("what changes nothing for good is not asked about", async () => {
  const site = shop(
    `<form method=post action=/cart/add><input name=id value=3><button>Add to cart</button></form><script>fetch("/collect", {method: "POST", body: "{}"})</script>`,
  );
  const { guard, questions } = gateOf({}, () => true);
  await using test = await open(pool, site.host, { guard });
  await test.act('do(action="Click", element="button Add to cart")');
  expect(questions).toEqual([]);
  expect(site.reached.toSorted()).toEqual(["POST /cart/add id=3", "POST /collect {}"]);
});

it("what a page has given up while a person was asked does not leave", async () => {
  const site = shop(
    `<button onclick="fetch('/orders', {method: 'POST', signal: AbortSignal.timeout(100)}).catch(() => document.body.append('given up'))">Buy now</button>`,
  );
  const { gate, entries } = slowGate(500);
  await using test = await open(pool, site.host, { guard: guardBy(gate) });
  const page = await test.act('do(action="Click", element="button Buy now")');
  expect(page.text).toContain("given up");
  expect(site.reached).toEqual([]);
  expect(entries.at(-1)).toMatchObject({ kind: "outcome", outcome: "no answer: the page had given it up" });
});

it("hosts and kinds of action that the policy does not name are refused", async () => {
  const site = shop(`<a href="http://partner.test/">Partner</a><button>Next</button>`);
  const partner = shop("<h1>Partner</h1>");
  const hosts = new Map([
    ["shop.test", site.host],
    ["partner.test", partner.host],
  ]);
  const { guard } = gateOf({ hosts: ["shop.test"], actions: { deny: ["hover"] } }, null);
  await using test = await open(pool, site.host, { guard, world: { hosts } });
  const hovered = await test.act('do(action="Hover", element="button Next")');
  expect(hovered.error).toEqual({ code: "blocked", message: "the action hover is not allowed" });
  const page = await test.act('do(action="Click", element="link Partner")');
  expect(page.error?.message).toBe("the policy allows no requests to partner.test");
  expect(page.url).toBe("http://shop.test/");
  const only = gateOf({ actions: { allow: ["click"] } }, null);
  await using other = await open(pool, site.host, { guard: only.guard, world: { hosts } });
  expect((await other.act('do(action="Wait")')).error?.code).toBe("blocked");
  expect((await other.act('do(action="Click", element="link Partner")')).text).toContain("Partner");
});

it.each([
  ["a picture", `<input type=image alt="Place order" width=80 height=20>`, ""],
  [
    "fields of every kind",
    `<textarea name=note>a\nb</textarea><select multiple name=s><option selected>1<option selected>2</select><input type=checkbox name=c checked><input type=password name=p value=pw><button name=go value=1>Place order</button>`,
    "",
  ],
  [
    "a form with files",
    `<input type=file name=f><button>Place order</button>`,
    " enctype=multipart/form-data",
  ],
])("a form with %s is asked about once", async (_, fields, attributes) => {
  const site = shop(`<form method=post action=/orders${attributes}><input name=id value=3>${fields}</form>`);
  const { guard, questions } = gateOf({}, () => true);
  await using test = await open(pool, site.host, { guard });
  await test.act('do(action="Click", element="button Place order")');
  expect(site.reached).toHaveLength(1);
  expect(questions).toHaveLength(1);
  expect(JSON.stringify(questions)).not.toContain("pw");
});
