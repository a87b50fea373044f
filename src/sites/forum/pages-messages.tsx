/** @file Private messages. */

import type { Hono } from "hono";
import { shortDay } from "../dates.ts";
import { fields, type Ctx, type Env } from "../kit.tsx";
import { Button, ButtonLink, Card, Empty, Field, Heading, Pagination, paginate, Table } from "../ui.tsx";
import { currentUser, flash, notFound, page, PER_PAGE, state } from "./context.tsx";
import { inbox, outbox, replyToMessage, sendMessage, userOf } from "./domain.ts";

export function messagePages(app: Hono<Env>): void {
  const list = (sent: boolean) => (c: Ctx) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const all = sent ? outbox(state(c), user.name) : inbox(state(c), user.name);
    const shown = paginate(all, Number(c.req.query("page") ?? 1), PER_PAGE);
    const path = sent ? "/messages/sent" : "/messages";
    return page(
      c,
      sent ? "Sent messages" : "Inbox",
      <>
        <Heading title={sent ? "Sent messages" : "Inbox"}>
          {sent ? (
            <ButtonLink href="/messages">Inbox</ButtonLink>
          ) : (
            <ButtonLink href="/messages/sent">Sent</ButtonLink>
          )}
          <ButtonLink href="/messages/new" primary>
            New message
          </ButtonLink>
        </Heading>
        {all.length === 0 ? (
          <Empty text="No messages" />
        ) : (
          <Table
            head={[sent ? "To" : "From", "Subject", "Date"]}
            rows={shown.items.map((m) => [
              sent ? m.to : m.from,
              <a href={`/messages/${m.id}`}>{m.subject}</a>,
              shortDay(m.at),
            ])}
          />
        )}
        <Pagination {...shown} href={(n) => `${path}?page=${n}`} />
      </>,
      { at: "/messages" },
    );
  };
  app.get("/messages", list(false));
  app.get("/messages/sent", list(true));

  app.get("/messages/new", (c) =>
    currentUser(c) ? composePage(c, { to: c.req.query("to") }) : c.redirect("/login"),
  );

  app.post("/messages/new", async (c) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const { to = "", subject = "", text = "" } = await fields(c);
    const errors: Record<string, string> = {};
    const receiver = userOf(state(c), to.toLowerCase());
    if (!receiver) errors.to = to === "" ? "Who is it for?" : `No member is called ${to}`;
    if (subject === "") errors.subject = "The subject is empty";
    if (text === "") errors.text = "The message is empty";
    if (!receiver || Object.keys(errors).length > 0) return composePage(c, { to, subject, text }, errors);
    sendMessage(c.env.world, user.name, { to: receiver.name, subject, text });
    flash(c, `Message sent to ${receiver.name}`);
    return c.redirect("/messages/sent");
  });

  app.get("/messages/:id", (c) => messagePage(c));

  app.post("/messages/:id", async (c) => {
    const user = currentUser(c);
    const message = state(c).messages.find((m) => m.id === Number(c.req.param("id")));
    if (!user) return c.redirect("/login");
    if (message?.to !== user.name) return notFound(c, "There is no such message");
    const { text = "" } = await fields(c);
    if (text === "") return messagePage(c, "The reply is empty");
    replyToMessage(c.env.world, user.name, message.id, text);
    flash(c, `Reply sent to ${message.from}`);
    return c.redirect("/messages");
  });
}

function messagePage(c: Ctx, error?: string) {
  const user = currentUser(c);
  if (!user) return c.redirect("/login");
  const message = state(c).messages.find((m) => m.id === Number(c.req.param("id")));
  if (!message || (message.to !== user.name && message.from !== user.name))
    return notFound(c, "There is no such message");
  return page(
    c,
    message.subject,
    <>
      <Heading title={message.subject} />
      <Card>
        <p class="muted">{`From ${message.from} to ${message.to}, ${shortDay(message.at)}`}</p>
        <p class="body">{message.text}</p>
      </Card>
      {message.to === user.name && (
        <form method="post" action={`/messages/${message.id}`} class="card">
          <Field label="Reply" name="text" type="textarea" rows={3} error={error} />
          <Button>Send reply</Button>
        </form>
      )}
    </>,
    { narrow: true, at: "/messages" },
  );
}

function composePage(
  c: Ctx,
  values: { to?: string; subject?: string; text?: string },
  errors: Record<string, string> = {},
) {
  return page(
    c,
    "New message",
    <>
      <Heading title="New message" />
      <form method="post" action="/messages/new" class="card">
        <Field label="To" name="to" value={values.to} error={errors.to} />
        <Field label="Subject" name="subject" value={values.subject} error={errors.subject} />
        <Field label="Message" name="text" type="textarea" value={values.text} error={errors.text} />
        <Button>Send message</Button>
      </form>
    </>,
    { narrow: true, status: Object.keys(errors).length > 0 ? 422 : 200, at: "/messages" },
  );
}
