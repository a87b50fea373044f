/** @file The storefront: routes, and who may use them. */

import { Hono } from "hono";
import type { AppDefinition } from "../app.ts";
import { IRREVERSIBLE } from "../irreversible.ts";
import { openSession, withSession, type StoreEnv } from "../store/session.ts";
import { STORE_VOLATILE } from "../store/state.ts";
import { accountPages, signInPages } from "./pages-account.tsx";
import { cartPages } from "./pages-cart.tsx";
import { catalogPages } from "./pages-catalog.tsx";
import { helpPages } from "./pages-help.tsx";
import { notFound } from "./context.tsx";
import { orderPages } from "./pages-orders.tsx";

function buildRoutes(): Hono<StoreEnv> {
  const routes = new Hono<StoreEnv>();
  routes.use(withSession("storefront"));
  for (const path of ["/cart", "/checkout", "/wishlist", "/orders", "/returns", "/account"])
    for (const pattern of [path, `${path}/*`])
      routes.use(pattern, async (c, next) => {
        if (c.get("session").user !== null) return next();
        return c.redirect(c.req.method === "GET" ? `/login?next=${c.req.path}` : "/login");
      });
  catalogPages(routes);
  cartPages(routes);
  signInPages(routes);
  accountPages(routes);
  orderPages(routes);
  helpPages(routes);
  routes.notFound(notFound);
  return routes;
}

/** Stateless: the state comes with each request, so that one set of routes serves every episode. */
const routes = buildRoutes();

export const app: AppDefinition = {
  name: "storefront",
  title: "Harbor & Pine",
  host: "shop.webrl.test",
  create: (state) => ({ fetch: (request) => routes.fetch(request, { store: state.store }) }),
  signIn: (state) => [openSession(state.store, "storefront", 1)],
  irreversible: IRREVERSIBLE.storefront,
  volatile: STORE_VOLATILE,
};
