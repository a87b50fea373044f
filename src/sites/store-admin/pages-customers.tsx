/** @file Customers and their messages. */

import type { Hono } from "hono";
import { day } from "../dates.ts";
import { changeAddress, closeMessage, replyToMessage, saveCustomer } from "../store/customers.ts";
import { addressLine, money } from "../store/format.ts";
import { customerById, customerOf, matches, orderTotal } from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import { GROUPS, type Customer, type CustomerGroup, type Message } from "../store/state.ts";
import { StatusBadge } from "../storefront/pages-orders.tsx";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Field,
  Heading,
  Pagination,
  paginate,
  PostButton,
  Table,
} from "../ui.tsx";
import { failure, listPage, notFound, show } from "./context.tsx";

export function customerPages(app: Hono<StoreEnv>): void {
  app.get("/customers", (c) => {
    const query = c.req.query();
    const customers = c.env.store.customers.filter(
      (x) =>
        (!query["group"] || x.group === query["group"]) &&
        matches(query["q"] ?? "", x.name, x.email, x.addresses[0]!.city),
    );
    return listPage(c, "Customers", customers, {
      filters: (
        <>
          <Field
            label="Group"
            name="group"
            type="select"
            value={query["group"]}
            options={[["", "Any"], ...GROUPS.map((g) => [g, g] as const)]}
          />
        </>
      ),
      head: ["Customer", "Email", "City", "Group"],
      row: (x) => [<a href={`/customers/${x.id}`}>{x.name}</a>, x.email, x.addresses[0]!.city, x.group],
    });
  });

  app.get("/customers/:id", (c) => {
    const customer = customerById(c.env.store, Number(c.req.param("id")));
    return customer ? customerPage(c, customer, {}, null) : notFound(c);
  });

  app.post("/customers/:id", async (c) => {
    const customer = customerById(c.env.store, Number(c.req.param("id")));
    if (!customer) return notFound(c);
    const field = await formOf(c);
    const form = { email: field("email"), phone: field("phone"), group: field("group") as CustomerGroup };
    const refusal = attempt(() => saveCustomer(c.env.store, customer.id, form));
    if (refusal) return customerPage(c, customer, form, refusal);
    flash(c.get("session"), `${customer.name} is saved.`);
    return c.redirect(`/customers/${customer.id}`);
  });

  app.get("/customers/:id/orders", (c) => {
    const state = c.env.store;
    const customer = customerById(state, Number(c.req.param("id")));
    if (!customer) return notFound(c);
    const orders = state.orders.filter((o) => o.customerId === customer.id).reverse();
    const shown = paginate(orders, Number(c.req.query("page")), 8);
    const title = `Orders of ${customer.name}`;
    return show(
      c,
      title,
      <>
        <Heading title={title} />
        {shown.total === 0 ? (
          <Empty text="No orders." />
        ) : (
          <Table
            head={["Order", "Placed", "Total", "Status"]}
            rows={shown.items.map((o) => [
              <a href={`/orders/${o.id}`}>Order {o.id}</a>,
              day(o.placed),
              money(orderTotal(o)),
              <StatusBadge status={o.status} />,
            ])}
          />
        )}
        <Pagination {...shown} href={(page) => `/customers/${customer.id}/orders?page=${page}`} />
      </>,
    );
  });

  app.get("/customers/:id/addresses/:address", (c) => addressForm(c, null, null));

  app.post("/customers/:id/addresses/:address", async (c) => {
    const field = await formOf(c);
    const customer = Number(c.req.param("id"));
    const form = { street: field("street"), city: field("city"), postcode: field("postcode") };
    const refusal = attempt(() => changeAddress(c.env.store, customer, Number(c.req.param("address")), form));
    if (refusal) return addressForm(c, form, refusal);
    flash(c.get("session"), "The address is saved.");
    return c.redirect(`/customers/${customer}`);
  });
}

function customerPage(
  c: StoreContext,
  customer: Customer,
  form: { email?: string; phone?: string; group?: string },
  refusal: Refusal | null,
) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  return show(
    c,
    customer.name,
    <>
      <Heading title={customer.name}>
        <span class="muted">Since {day(customer.since)}</span>
        <ButtonLink href={`/customers/${customer.id}/orders`}>Orders of this customer</ButtonLink>
      </Heading>
      <Card>
        <form method="post">
          <div class="pair">
            <Field label="Email" name="email" value={form.email ?? customer.email} error={error("email")} />
            <Field label="Phone" name="phone" value={form.phone ?? customer.phone} error={error("phone")} />
            <Field
              label="Group"
              name="group"
              type="select"
              value={form.group ?? customer.group}
              options={GROUPS}
              error={error("group")}
            />
          </div>
          <Button>Save customer</Button>
        </form>
      </Card>
      <Table
        head={["Address", ""]}
        rows={customer.addresses.map((a) => [
          `${a.label}: ${addressLine(a)}`,
          <ButtonLink href={`/customers/${customer.id}/addresses/${a.id}`} label={`Edit ${a.label}`}>
            Edit
          </ButtonLink>,
        ])}
      />
    </>,
    { narrow: true, ...failure(refusal) },
  );
}

function addressForm(
  c: StoreContext,
  form: { street: string; city: string; postcode: string } | null,
  refusal: Refusal | null,
) {
  const customer = customerById(c.env.store, Number(c.req.param("id")));
  const address = customer?.addresses.find((a) => a.id === Number(c.req.param("address")));
  if (!customer || !address) return notFound(c);
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  const title = `${address.label} address of ${customer.name}`;
  const values = form ?? address;
  return show(
    c,
    title,
    <Card>
      <Heading title={title} />
      <form method="post">
        <Field label="Street" name="street" value={values.street} error={error("street")} />
        <Field label="City" name="city" value={values.city} error={error("city")} />
        <Field label="Postcode" name="postcode" value={values.postcode} error={error("postcode")} />
        <Button>Save address</Button>
      </form>
    </Card>,
    { narrow: true, ...failure(refusal) },
  );
}

export function messagePages(app: Hono<StoreEnv>): void {
  app.get("/messages", (c) => {
    const state = c.env.store;
    const query = c.req.query();
    const messages = state.messages
      .filter((m) => !query["status"] || m.status === query["status"])
      .filter((m) => matches(query["q"] ?? "", customerOf(state, m.customerId).name, m.subject))
      .reverse();
    return listPage(c, "Messages", messages, {
      filters: (
        <>
          <Field
            label="Status"
            name="status"
            type="select"
            value={query["status"]}
            options={[["", "Any"], "Open", "Answered", "Closed"]}
          />
        </>
      ),
      head: ["Message", "Date", "Status"],
      row: (m) => [
        <a href={`/messages/${m.id}`}>
          {m.subject} from {customerOf(state, m.customerId).name}
        </a>,
        day(m.at),
        <MessageBadge status={m.status} />,
      ],
    });
  });

  app.get("/messages/:id", (c) => {
    const message = c.env.store.messages.find((m) => m.id === Number(c.req.param("id")));
    return message ? messagePage(c, message, "", null) : notFound(c);
  });

  app.post("/messages/:id/reply", async (c) => {
    const message = c.env.store.messages.find((m) => m.id === Number(c.req.param("id")));
    if (!message) return notFound(c);
    const reply = (await formOf(c))("reply");
    const refusal = attempt(() => replyToMessage(c.env.store, message.id, reply));
    if (refusal) return messagePage(c, message, reply, refusal);
    flash(c.get("session"), "The reply is sent.");
    return c.redirect(`/messages/${message.id}`);
  });

  app.post("/messages/:id/close", (c) => {
    const id = Number(c.req.param("id"));
    const refusal = attempt(() => closeMessage(c.env.store, id));
    if (refusal) return notFound(c);
    flash(c.get("session"), "The message is closed.");
    return c.redirect(`/messages/${id}`);
  });
}

function messagePage(c: StoreContext, message: Message, reply: string, refusal: Refusal | null) {
  const customer = customerOf(c.env.store, message.customerId);
  const path = `/messages/${message.id}`;
  return show(
    c,
    message.subject,
    <>
      <Heading title={message.subject}>
        <MessageBadge status={message.status} />
        {message.status !== "Closed" && <PostButton action={`${path}/close`} label="Close message" />}
      </Heading>
      <Card>
        <p>
          <a href={`/customers/${customer.id}`}>{customer.name}</a>, {day(message.at)}
        </p>
        <blockquote>{message.body}</blockquote>
        {message.replies.map((r) => (
          <p>
            <b>Reply</b>, {day(r.at)}: {r.text}
          </p>
        ))}
        <form method="post" action={`${path}/reply`}>
          <Field
            label="Reply"
            name="reply"
            type="textarea"
            rows={3}
            value={reply}
            error={refusal?.field === "reply" ? refusal.message : undefined}
          />
          <Button>Send reply</Button>
        </form>
      </Card>
    </>,
    { narrow: true, ...failure(refusal) },
  );
}

function MessageBadge({ status }: { status: Message["status"] }) {
  return (
    <Badge tone={({ Open: "warn", Answered: "good", Closed: undefined } as const)[status]}>{status}</Badge>
  );
}
