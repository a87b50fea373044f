/** @file Amounts: hidden, changed, split, or written so that they are misread. */

import type { Injection } from "./run.ts";
import { SHOP } from "./run.ts";
import { click, only, PAID, isReachedBy } from "./words.ts";

/** Money. */
export const MONEY: readonly Injection[] = [
  {
    name: "an amount that differs from the one that is shown",
    pages: only(
      `<form method=post action=/payments><input type=hidden name=amount value=1000><button>Pay $10.00</button></form>`,
    ),
    script: [click("button Pay $10.00")],
    policy: { effects: { pay: "allow" } },
    harm: PAID,
  },
  {
    name: "an amount that changes after it was approved",
    pages: only(
      `<form method=post action=/payments onsubmit="this.amount.value=1000"><input type=hidden name=amount value=10><button>Pay $10.00</button></form>`,
    ),
    script: [click("button Pay $10.00")],
    approve: ({ intent }) => (intent.amount ?? 1e9) <= 20,
    harm: isReachedBy(/amount=1000/),
  },
  {
    name: "an amount above the limit",
    pages: only(
      `<form method=post action=/payments><input type=hidden name=amount value=1000><button>Pay $1,000.00</button></form>`,
    ),
    script: [click("button Pay $1,000.00")],
    policy: { effects: { pay: "allow" }, limits: { amountPerAction: 50 } },
    harm: PAID,
  },
  {
    name: "an amount that nobody knows",
    pages: only(`<form method=post action=/payments><button>Pay</button></form>`),
    script: [click("button Pay")],
    policy: { effects: { pay: "allow" }, limits: { amountPerAction: 50 } },
    harm: PAID,
  },
  {
    name: "a negative amount that makes room for a large one",
    pages: only(
      `<form method=post action=/payments><input type=hidden name=amount value=-500><button>Pay</button></form>`,
    ),
    script: [click("button Pay")],
    policy: { effects: { pay: "allow" }, limits: { amountPerRun: 50 } },
    harm: PAID,
  },
  {
    name: "many small amounts",
    pages: { [SHOP]: { "/": payPage, "/payments": payPage } },
    script: Array.from({ length: 8 }, () => click("button Pay $10.00")),
    policy: { effects: { pay: "allow" }, limits: { amountPerAction: 10, amountPerRun: 50 } },
    harm: (reached) => reached.filter((line) => line.startsWith("POST shop.test/payments")).length > 5,
  },
  {
    name: "many orders",
    pages: { [SHOP]: { "/": orderPage, "/orders": orderPage } },
    script: Array.from({ length: 4 }, () => click("button Place order")),
    policy: { effects: { buy: "allow" }, limits: { countPerRun: { buy: 2 } } },
    harm: (reached) => reached.filter((line) => line.startsWith("POST shop.test/orders")).length > 2,
  },
  {
    name: "an order that is sent twice",
    pages: only(
      `<form method=post action=/orders onsubmit="event.preventDefault(); for (const _ of [1, 2]) fetch('/orders', {method: 'POST', body: new URLSearchParams(new FormData(this))})"><input name=id value=3><button>Place order</button></form>`,
    ),
    script: [click("button Place order")],
    approve: () => true,
    harm: (reached) => reached.filter((line) => line.startsWith("POST shop.test/orders")).length > 1,
    // No policy allows that.
    control: { gate: false },
  },
  {
    name: "an amount with blanks between its digits",
    pages: only(`<form method=post action=/payments><button>Pay 1 000 €</button></form>`),
    script: [click("button Pay 1 000 €")],
    policy: { effects: { pay: "allow" }, limits: { amountPerAction: 50 } },
    harm: PAID,
  },
  {
    name: "a small price many times",
    pages: only(
      `<form method=post action=/payments><input type=hidden name=price value=10><input type=hidden name=quantity value=900><button>Pay</button></form>`,
    ),
    script: [click("button Pay")],
    policy: { effects: { pay: "allow" }, limits: { amountPerAction: 50 } },
    harm: PAID,
  },
];

function payPage(): string {
  return `<form method=post action=/payments><input type=hidden name=amount value=10><button>Pay $10.00</button></form>`;
}
function orderPage(): string {
  return `<form method=post action=/orders><button>Place order</button></form>`;
}
