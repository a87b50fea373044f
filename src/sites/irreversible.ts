/**
 * @file The effects of requests on the built-in sites: every request that changes something, and whether it is
 * irreversible. `none` is what the next click can undo, whatever its address is called.
 */

import type { EffectKind, IrreversibleRequest } from "../core/effect.ts";
import type { SiteName } from "./app.ts";
import { SHIPPING } from "./store/state.ts";

const list = (byKind: Partial<Record<EffectKind | "none", readonly string[]>>): IrreversibleRequest[] =>
  Object.entries(byKind).flatMap(([kind, paths]) =>
    paths.map((path) => ({ path, kind: kind as EffectKind | "none" })),
  );

/** Of cents. */
const inMoney = (prices: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(prices).map(([name, cents]) => [name, cents / 100]));

export const IRREVERSIBLE: Readonly<Record<SiteName, readonly IrreversibleRequest[]>> = {
  storefront: [
    {
      path: "/checkout",
      kind: "buy",
      amount: { text: "Subtotal", plus: { shipping: inMoney(SHIPPING) } },
      button: "Place order",
    },
    ...list({
      send: ["/orders/:id/return", "/contact"],
      publish: ["/product/:id/review"],
      delete: ["/orders/:id/cancel", "/account/addresses/:id/delete"],
      none: [
        "/cart/*",
        "/orders/:id/again",
        "/product/:id/wishlist",
        "/wishlist/remove/:id",
        "/account",
        "/account/addresses/new",
        "/account/addresses/:id",
        "/account/addresses/:id/default",
        "/login",
        "/logout",
      ],
    }),
  ],
  "store-admin": [
    { path: "/orders/:id/refund", kind: "pay", amount: { text: "Total" } },
    { path: "/returns/:id/approve", kind: "pay", amount: { text: "Total" } },
    ...list({
      send: ["/messages/:id/reply", "/returns/:id/reject"],
      publish: ["/reviews/:id/approve", "/pages/:id/publish", "/products/new"],
      delete: ["/orders/:id/cancel", "/reviews/:id/delete", "/pages/:id/delete"],
      none: [
        "/orders/:id/status",
        "/orders/:id/tracking",
        "/orders/:id/note",
        "/products/:id",
        "/reviews/:id/reject",
        "/pages/new",
        "/pages/:id",
        "/pages/:id/unpublish",
        "/customers/:id",
        "/customers/:id/addresses/:address",
        "/messages/:id/close",
        "/login",
        "/logout",
      ],
    }),
  ],
  forum: list({
    send: ["/messages/new", "/messages/:id", "/p/:id/report"],
    publish: ["/submit", "/p/:id/edit", "/p/:id/comment"],
    delete: ["/p/:id/delete", "/p/:id/remove", "/reports/:id/remove"],
    none: [
      "/p/:id/lock",
      "/p/:id/pin",
      "/reports/:id/keep",
      "/settings/*",
      "/b/:slug/subscribe",
      "/vote",
      "/login",
      "/logout",
    ],
  }),
  forge: list({
    send: ["/p/:slug/members/invite"],
    publish: [
      "/p/:slug/merge-requests/:number/comment",
      "/p/:slug/merge-requests/:number/merge",
      "/p/:slug/issues/new",
      "/p/:slug/issues/:number/comment",
    ],
    sign: ["/p/:slug/merge-requests/:number/approve"],
    delete: ["/p/:slug/delete-file", "/p/:slug/members/remove"],
    none: [
      "/p/:slug/merge-requests/:number/state",
      "/p/:slug/star",
      "/p/:slug/fork",
      "/p/:slug/new-file",
      "/p/:slug/edit-file",
      "/p/:slug/issues/:number/state",
      "/p/:slug/issues/:number/details",
      "/p/:slug/members/role",
      "/p/:slug/settings",
      "/p/:slug/archive",
      "/status",
      "/login",
      "/logout",
    ],
  }),
  map: list({
    publish: ["/places/:slug/review", "/places/:slug/edit"],
    delete: ["/lists/:id/delete"],
    none: ["/lists", "/lists/:id/rename", "/lists/:id/remove", "/places/:slug/save", "/login"],
  }),
};
