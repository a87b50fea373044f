/** @file Dashboard and sign-in of the staff. */

import type { Hono } from "hono";
import { day } from "../dates.ts";
import { STAFF } from "../store/data/people.ts";
import { money } from "../store/format.ts";
import { customerOf, lowStock, orderTotal } from "../store/queries.ts";
import { checkStaff, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import { StatusBadge } from "../storefront/pages-orders.tsx";
import { Button, Card, Field, Heading, PostButton, Table } from "../ui.tsx";
import { show } from "./context.tsx";

export function dashboardPages(app: Hono<StoreEnv>): void {
  app.get("/", (c) => {
    const state = c.env.store;
    const counts: [number, string, string][] = [
      [state.orders.filter((o) => o.status === "Pending").length, "Pending orders", "/orders?status=Pending"],
      [
        state.reviews.filter((r) => r.status === "Pending").length,
        "Pending reviews",
        "/reviews?status=Pending",
      ],
      [state.messages.filter((m) => m.status === "Open").length, "Open messages", "/messages?status=Open"],
      [lowStock(state, 3).length, "Low stock", "/reports/stock"],
    ];
    return show(
      c,
      "Dashboard",
      <>
        <Heading title="Dashboard">
          <PostButton action="/logout" label="Sign out" />
        </Heading>
        <div class="counts">
          {counts.map(([count, label, href]) => (
            <a class="count" href={href} aria-label={`${label}: ${count}`}>
              <b>{count}</b>
              {label}
            </a>
          ))}
        </div>
        <h2>Latest orders</h2>
        <Table
          head={["Order", "Customer", "Placed", "Total", "Status"]}
          numeric={[3]}
          rows={state.orders
            .slice(-6)
            .reverse()
            .map((o) => [
              <a href={`/orders/${o.id}`}>Order {o.id}</a>,
              customerOf(state, o.customerId).name,
              day(o.placed),
              money(orderTotal(o)),
              <StatusBadge status={o.status} />,
            ])}
        />
      </>,
    );
  });
}

export function signInPages(app: Hono<StoreEnv>): void {
  app.get("/login", (c) => loginPage(c, "", null));

  app.post("/login", async (c) => {
    const field = await formOf(c);
    if (!checkStaff(field("user"), field("password")))
      return loginPage(c, field("user"), "User name or password is wrong.");
    c.get("session").user = 0;
    flash(c.get("session"), `Signed in as ${STAFF.name}.`);
    return c.redirect("/");
  });

  app.post("/logout", (c) => {
    c.get("session").user = null;
    flash(c.get("session"), "You are signed out.", "info");
    return c.redirect("/login");
  });
}

function loginPage(c: StoreContext, user: string, error: string | null) {
  return show(
    c,
    "Sign in",
    <Card>
      <Heading title="Sign in" />
      <form method="post">
        <Field label="User name" name="user" value={user} />
        <Field label="Password" name="password" type="password" />
        <Button>Sign in</Button>
      </form>
    </Card>,
    { narrow: true, error, ...(error ? { status: 422 as const } : {}) },
  );
}
