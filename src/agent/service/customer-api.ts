/** @file The API for customers' clients: JSON over HTTP, and each conversation as a stream of server-sent events. */

import { timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { answerError, guard } from "../../http/guard.ts";
import type { Access } from "./access.ts";
import type { Conversation } from "./conversation.ts";
import { hashToken, Refused } from "./conversation-parts.ts";
import type { ChatEvent } from "./events.ts";
import { forCustomer } from "./events.ts";
import type { Service } from "./service.ts";
import { openWait } from "./sse.ts";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const messageSchema = z.strictObject({ text: z.string(), key: z.string().min(1).max(80).optional() });
const answersSchema = z.strictObject({ form: z.string(), values: z.record(z.string(), z.unknown()) });
const confirmSchema = z.strictObject({ question: z.string(), yes: z.boolean() });

/** The most streams of one conversation; a page that is open twice has two. */
const MAX_STREAMS = 5;

export function customerApi(service: Service, access: Access, widget: () => Promise<string>): Hono {
  const app = new Hono();
  const streams = new Map<string, number>();
  app.use(
    guard({
      isOurs: access.isOurs,
      methods: ["POST", "OPTIONS"],
      policy: POLICY,
      origins: access.origins,
      scripts: ["/widget.js"],
    }),
  );
  app.use(async (c, next) => {
    await next();
    c.header("Referrer-Policy", "no-referrer");
    if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
  });
  app.onError((error, c) => {
    if (error instanceof Refused)
      return c.json({ error: error.message, ...(error.fields && { fields: error.fields }) }, error.status);
    return answerError(error, c);
  });

  app.get("/", (c) => c.html(page(service.policy.name)));
  app.get("/widget.js", async (c) =>
    c.body(await widget(), 200, {
      "Content-Type": "text/javascript; charset=utf-8",
      "Cache-Control": "max-age=300",
    }),
  );

  app.post("/v1/conversations", async (c) => {
    const origin = c.req.header("origin") ?? null;
    if (!mayBegin(c, access))
      return c.json({ error: "not for pages of this origin, nor without the key" }, 403);
    const { conversation, token } = await service.open(origin);
    return c.json({ id: conversation.id, token, name: service.policy.name }, 201);
  });
  app.post("/v1/conversations/:id/messages", (c) =>
    withBody(c, service, messageSchema, (conversation, { text, key }) => conversation.receive(text, key)),
  );
  app.post("/v1/conversations/:id/answers", (c) =>
    withBody(c, service, answersSchema, (conversation, { form, values }) =>
      conversation.answer(form, values),
    ),
  );
  app.post("/v1/conversations/:id/confirm", (c) =>
    withBody(c, service, confirmSchema, (conversation, { question, yes }) =>
      conversation.confirm(question, yes),
    ),
  );
  app.post("/v1/conversations/:id/person", (c) =>
    withBody(c, service, z.strictObject({}), (conversation) => conversation.askForPerson()),
  );
  app.post("/v1/conversations/:id/close", (c) =>
    withBody(c, service, z.strictObject({}), (conversation) =>
      conversation.close("customer", "the customer closed it"),
    ),
  );
  app.get("/v1/conversations/:id/events", async (c) => {
    const found = await findFor(c, service);
    if (!found) return c.json({ error: "there is no such conversation" }, 404);
    const id = c.req.param("id");
    const open = streams.get(id) ?? 0;
    if (open >= MAX_STREAMS) return c.json({ error: "this conversation is open too often" }, 429);
    const last = Number(c.req.header("last-event-id") ?? "0");
    const after = Number.isInteger(last) && last > 0 && last <= found.n ? last : 0;
    streams.set(id, open + 1);
    return streamSSE(c, async (stream) => {
      const queue: ChatEvent[] = [];
      const idle = openWait(stream);
      const end = found.follow(after, (event) => {
        queue.push(event);
        idle.wake();
      });
      try {
        while (!stream.aborted && !stream.closed) {
          for (const event of queue.splice(0)) {
            const shown = forCustomer(event);
            if (shown)
              await stream.writeSSE({
                id: String(event.n),
                event: shown.type,
                data: JSON.stringify(shown.data),
              });
          }
          if (found.isOver() && queue.length === 0) break;
          if (queue.length > 0) continue;
          await idle.wait();
        }
      } finally {
        end();
        streams.set(id, (streams.get(id) ?? 1) - 1);
        if (streams.get(id) === 0) streams.delete(id);
      }
    });
  });
  app.notFound((c) => c.json({ error: "not found" }, 404));
  return app;
}

/** Browsers send the origin of the page; if others can reach us, clients that are not browsers need the key. */
function mayBegin(c: Context, access: Access): boolean {
  const origin = c.req.header("origin");
  if (origin !== undefined) return access.origins.includes(origin) || origin === new URL(c.req.url).origin;
  return access.isPrivate || access.isKey(bearerOf(c));
}

const bearerOf = (c: Context): string =>
  /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? "";

function isTheirs(token: string, hash: string): boolean {
  const [given, kept] = [Buffer.from(hashToken(token)), Buffer.from(hash)];
  return given.length === kept.length && timingSafeEqual(given, kept);
}

interface Followed {
  n: number;
  follow(after: number, listener: (event: ChatEvent) => void): () => void;
  isOver(): boolean;
}

async function findFor(c: Context, service: Service): Promise<Followed | null> {
  const id = c.req.param("id") ?? "";
  const conversation = service.find(id);
  if (conversation)
    return isTheirs(bearerOf(c), conversation.view.token)
      ? {
          n: conversation.view.n,
          follow: (after, listener) => conversation.listen(after, listener),
          isOver: () => conversation.view.state === "closed",
        }
      : null;
  const history = /^[0-9a-f]{16}$/.test(id) ? await service.history(id) : null;
  if (!history || !isTheirs(bearerOf(c), history.view.token)) return null;
  return {
    n: history.view.n,
    follow: (after, listener) => {
      for (const event of history.events) if (event.n > after) listener(event);
      return () => {};
    },
    isOver: () => true,
  };
}

/** Somebody else's conversation gets the same answer as a missing one. */
async function withBody<T>(
  c: Context,
  service: Service,
  schema: z.ZodType<T>,
  body: (conversation: Conversation, value: T) => void,
): Promise<Response> {
  const conversation = service.find(c.req.param("id") ?? "");
  if (!conversation) {
    if (await findFor(c, service)) throw new Refused(410, "this conversation is closed");
    return c.json({ error: "there is no such conversation" }, 404);
  }
  if (!isTheirs(bearerOf(c), conversation.view.token))
    return c.json({ error: "there is no such conversation" }, 404);
  const text = await c.req.text();
  let raw: unknown;
  try {
    raw = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new Refused(400, "the body is not JSON");
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    throw new Refused(400, `the body does not have the expected form: ${parsed.error.issues[0]!.message}`);
  body(conversation, parsed.data);
  return c.json({ n: conversation.view.n }, 202);
}

const page = (name: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`)}</title>
<link rel="icon" href="data:,">
</head>
<body><main><noscript>This page needs JavaScript.</noscript></main><script src="/widget.js" data-open="true"></script></body>
</html>
`;
