/** @file EverShop, a shop in Node with its data in Postgres; from the npm registry and Debian's packages. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineSite } from "../../sites/define-site.ts";
import type { LoginStep, SiteDefinition } from "../../sites/define-site.ts";
import type { App } from "../app.ts";
import {
  CATEGORIES,
  COUNTRY,
  COUPONS,
  CUSTOMERS,
  describe,
  KEEPER,
  MATERIALS,
  ORDERS,
  PRODUCTS,
  PROVINCES,
  SHELF,
  SHIPPING,
  SHOP,
  SIGNED_IN,
  slug,
} from "./content.ts";
import { PREPARE, PRELOAD, SCRIPT } from "./files.ts";
import { FILL } from "./fill.ts";
import { copyFolder } from "./state.ts";
import { templates } from "./templates.ts";

const VERSION = "2.2.1";

/** After the form has been sent, the page that it leads to is recognized by what it shows. */
const signIn = ({ email, password }: { email: string; password: string }): LoginStep[] => [
  { open: "/account/login" },
  { fill: "Email", text: email },
  { fill: "Password", text: password },
  { click: "Sign In" },
  { see: SHELF },
  { open: "/account" },
  { see: email },
];

const signInKeeper: LoginStep[] = [
  { open: "/admin/login" },
  { fill: "Email", text: KEEPER.email },
  { fill: "Password", text: KEEPER.password },
  { click: "Sign In" },
  { see: "Dashboard" },
];

/** Costs nothing to answer, unlike its pages. */
const READY = "/ready.txt";

const CONFIG = {
  shop: { language: "en", timezone: "UTC" },
  // Nobody but this machine reaches the shop.
  system: { session: { cookieSecret: "made-up" } },
};

const CONTENT = {
  shop: SHOP,
  keeper: KEEPER,
  country: COUNTRY,
  provinces: PROVINCES,
  shipping: SHIPPING,
  categories: CATEGORIES,
  materials: MATERIALS,
  products: PRODUCTS.map((product) => ({ ...product, slug: slug(product.name), words: describe(product) })),
  shelfName: SHELF,
  /** On the first page. */
  shelf: ["Finch Lantern", "Alder Kettle", "Heron Blanket", "Ferry Satchel", "Surveyor Compass"],
  coupons: COUPONS,
  customers: CUSTOMERS,
  orders: ORDERS,
};

/**
 * What is removed from a cart can be put there again. What an order costs is not read from its page, which writes the
 * tax before the total.
 */
const IRREVERSIBLE: NonNullable<SiteDefinition["irreversible"]> = [
  { method: "DELETE", path: "/api/cart/*", kind: "none" },
  { method: "DELETE", path: "/api/carts/*", kind: "none" },
  { method: "DELETE", path: "/api/*", kind: "delete" },
  { path: "/api/orders", kind: "buy" },
  { path: "/api/carts/:cart/checkout", kind: "buy" },
  { path: "/api/orders/:order/cancel", kind: "delete" },
  { path: "/api/shipments/:shipment/cancel", kind: "delete" },
  { path: "/api/cod/captures", kind: "pay" },
  // The customer is told about it, and no page can undo that.
  { path: "/api/orders/:order/shipments", kind: "send" },
  { path: "/api/shipments/:shipment/markDelivered", kind: "send" },
  { path: "/api/carts/*", kind: "none" },
  { path: "/api/cart/*", kind: "none" },
];

export const evershop: App = {
  name: "evershop",
  title: `EverShop ${VERSION}, a shop`,
  revision: 3,
  packages: {
    "postgresql-15": "/usr/lib/postgresql/15/bin/postgres",
    "postgresql-client-15": "/usr/lib/postgresql/15/bin/psql",
  },
  install: async (directory, run) => {
    const files: Record<string, string> = {
      "package.json": `{ "private": true }\n`,
      "config/default.json": JSON.stringify(CONFIG),
      "preload.cjs": PRELOAD,
      "shop.sh": SCRIPT,
      "prepare.sql": PREPARE,
      "fill.mjs": FILL,
      "content.json": JSON.stringify(CONTENT),
      [`public${READY}`]: "ready\n",
    };
    for (const name of ["config", "extensions", "media", "public", "themes"])
      await mkdir(join(directory, name));
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    // Its dependencies need `concat-stream` and do not name it.
    await run(`npm install --no-audit --no-fund @evershop/evershop@${VERSION} concat-stream@2`);
    await run("node node_modules/@evershop/evershop/dist/bin/evershop.js build");
    await run(`SHOP_PORT= SHOP=${copyFolder(`new-${process.pid}`)} sh shop.sh prepare`);
  },
  site: () => {
    const copy = `SHOP_PORT={port} SHOP=${copyFolder("{port}")}`;
    return defineSite({
      name: "evershop",
      description:
        "EverShop, the shop of an outfitter: customers look for lanterns, cookware, blankets, bags and tools, put them into the cart, order with cash on delivery, keep addresses and follow orders; the keeper changes goods, stock, categories, coupons and orders",
      infeasible: ["payment by card", "writing reviews", "uploading pictures", "sending mail"],
      baseUrl: "http://127.0.0.1:{port}",
      start: {
        command: `${copy} exec sh ./shop.sh start`,
        stop: `${copy} sh ./shop.sh stop`,
        readyPath: READY,
        timeoutMs: 300_000,
        instances: 8,
      },
      reset: { command: `${copy} sh ./shop.sh reset` },
      login: {
        ...Object.fromEntries(SIGNED_IN.map((customer) => [customer.id, signIn(customer)])),
        keeper: signInKeeper,
      },
      irreversible: IRREVERSIBLE,
      templates,
    });
  },
};
