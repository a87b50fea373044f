/** @file The store admin: routes, for the staff only. */

import { Hono } from "hono";
import type { AppDefinition } from "../app.ts";
import { IRREVERSIBLE } from "../irreversible.ts";
import { openSession, withSession, type StoreEnv } from "../store/session.ts";
import { STORE_VOLATILE } from "../store/state.ts";
import { contentPages, reportPages } from "./pages-content.tsx";
import { customerPages, messagePages } from "./pages-customers.tsx";
import { dashboardPages, signInPages } from "./pages-dashboard.tsx";
import { notFound } from "./context.tsx";
import { orderPages } from "./pages-orders.tsx";
import { productPages, reviewPages } from "./pages-products.tsx";

function buildRoutes(): Hono<StoreEnv> {
  const routes = new Hono<StoreEnv>();
  routes.use(withSession("store-admin"));
  signInPages(routes);
  routes.use(async (c, next) => {
    if (c.get("session").user === null) return c.redirect("/login");
    return next();
  });
  dashboardPages(routes);
  orderPages(routes);
  productPages(routes);
  reviewPages(routes);
  customerPages(routes);
  messagePages(routes);
  contentPages(routes);
  reportPages(routes);
  routes.notFound(notFound);
  return routes;
}

/** Stateless: the state comes with each request, so that one set of routes serves every episode. */
const routes = buildRoutes();

export const app: AppDefinition = {
  name: "store-admin",
  title: "Store admin",
  host: "admin.webrl.test",
  create: (state) => ({ fetch: (request) => routes.fetch(request, { store: state.store }) }),
  signIn: (state) => [openSession(state.store, "store-admin", 0)],
  irreversible: IRREVERSIBLE["store-admin"],
  volatile: STORE_VOLATILE,
};
