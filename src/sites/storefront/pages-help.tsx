/** @file Published pages of the shop, and the contact form. */

import type { Hono } from "hono";
import { MESSAGE_SUBJECTS } from "../store/data/voices.ts";
import { contactBody, sendMessage } from "../store/customers.ts";
import { orderById } from "../store/queries.ts";
import { type Refusal, refuseUnless } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import { Button, ButtonLink, Card, Field, Heading, Pagination, paginate, Table } from "../ui.tsx";
import { notFound, show } from "./context.tsx";

export function helpPages(app: Hono<StoreEnv>): void {
  app.get("/help", (c) => {
    const pages = c.env.store.pages.filter((p) => p.status === "Published");
    const shown = paginate(pages, Number(c.req.query("page")), 8);
    return show(
      c,
      "Help",
      <>
        <Heading title="Help">
          <ButtonLink href="/contact" primary>
            Contact us
          </ButtonLink>
        </Heading>
        <Table
          head={["Topic"]}
          rows={shown.items.map((page) => [<a href={`/help/${page.slug}`}>{page.title}</a>])}
        />
        <Pagination {...shown} href={(page) => `/help?page=${page}`} />
      </>,
      { narrow: true },
    );
  });

  app.get("/help/:slug", (c) => {
    const page = c.env.store.pages.find((p) => p.slug === c.req.param("slug"));
    if (page?.status !== "Published") return notFound(c);
    return show(
      c,
      page.title,
      <Card>
        <Heading title={page.title} />
        {page.body.split("\n").map((paragraph) => (
          <p>{paragraph}</p>
        ))}
      </Card>,
      { narrow: true },
    );
  });

  app.get("/contact", (c) => {
    if (c.get("session").user === null) return c.redirect("/login?next=/contact");
    return contactForm(c, {}, null);
  });

  app.post("/contact", async (c) => {
    const state = c.env.store;
    const { user } = c.get("session");
    if (user === null) return c.redirect("/login?next=/contact");
    const field = await formOf(c);
    const form = { subject: field("subject"), order: field("order"), message: field("message") };
    const refusal = attempt(() => {
      const order = orderById(state, Number(form.order));
      refuseUnless(
        form.order.trim() === "" || order?.customerId === user,
        "This is not your order.",
        "order",
      );
      refuseUnless(form.message.trim() !== "", "Write a message.", "message");
      sendMessage(state, user, { subject: form.subject, body: contactBody(form.order, form.message) });
    });
    if (refusal) return contactForm(c, form, refusal);
    flash(c.get("session"), "Your message is sent.");
    return c.redirect("/help");
  });
}

function contactForm(
  c: StoreContext,
  form: { subject?: string; order?: string; message?: string },
  refusal: Refusal | null,
) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  return show(
    c,
    "Contact us",
    <Card>
      <Heading title="Contact us" />
      <form method="post">
        <Field
          label="Subject"
          name="subject"
          type="select"
          value={form.subject}
          options={[["", "Choose"], ...MESSAGE_SUBJECTS.map((s) => [s, s] as const)]}
          error={error("subject")}
        />
        <Field
          label="Order number"
          name="order"
          value={form.order}
          hint="If it is about an order"
          error={error("order")}
        />
        <Field label="Message" name="message" type="textarea" value={form.message} error={error("message")} />
        <Button>Send message</Button>
      </form>
    </Card>,
    { narrow: true, ...(refusal ? { status: 422 as const } : {}) },
  );
}
