/**
 * @file The operators' part of the server: whoever has the key can see conversations, take over and approve. Customers
 * have no way in: their tokens mean nothing here, and pages of other origins are refused, including those with the
 * widget.
 */

import { Hono } from "hono";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { streamSSE } from "hono/streaming";
import { answerError, guard } from "../../http/guard.ts";
import type { Access } from "./access.ts";
import type { Conversation } from "./conversation.ts";
import { Refused } from "./conversation-parts.ts";
import { ActionsView, ListView, LiveView, LoginView, Page } from "./operator-views.tsx";
import type { Service } from "./service.ts";
import { openWait } from "./sse.ts";

const COOKIE = "webrl_operator";
/** Wrong keys in a minute; then nobody gets in for the rest of it. */
const MAX_WRONG = 10;

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

interface Env {
  Variables: { by: string };
}

export interface OperatorAssets {
  style: string;
  script: () => Promise<string>;
}

export function operatorApp(service: Service, access: Access, assets: OperatorAssets): Hono<Env> {
  const app = new Hono<Env>();
  const { name } = service.policy;
  app.use(guard({ isOurs: access.isOurs, methods: ["POST"], policy: POLICY }));
  app.use(async (c, next) => {
    await next();
    c.header("Referrer-Policy", "same-origin");
    c.header("Cache-Control", "no-store");
  });
  app.onError((error, c) => {
    if (error instanceof Refused) return c.text(error.message, error.status);
    return answerError(error, c);
  });
  signIn(app, access, name);
  app.get("/app.css", (c) => c.body(assets.style, 200, { "Content-Type": "text/css; charset=utf-8" }));
  app.get("/app.js", async (c) =>
    c.body(await assets.script(), 200, { "Content-Type": "text/javascript; charset=utf-8" }),
  );
  app.use(async (c, next) => {
    const by = access.nameIn(getCookie(c, COOKIE));
    if (by === null)
      return c.req.method === "GET" ? c.redirect("/operator/login") : c.text("sign in first", 401);
    c.set("by", by);
    return next();
  });
  app.get("/", (c) => {
    const list = <ListView all={service.list()} />;
    if (c.req.query("part") === "live") return c.html(list);
    return c.html(
      <Page title="Conversations" name={name} by={c.get("by")}>
        {list}
      </Page>,
    );
  });
  app.get("/events", (c) => changes(c, service));
  conversationPages(app, service, name);
  app.notFound((c) => c.text("not found", 404));
  return app;
}

function signIn(app: Hono<Env>, access: Access, name: string): void {
  let wrong: number[] = [];
  const isKey = (key: string): boolean => {
    wrong = wrong.filter((at) => Date.now() - at < 60_000);
    if (wrong.length >= MAX_WRONG) throw new Refused(429, "too many wrong keys; please wait a minute");
    if (access.isKey(key)) return true;
    wrong.push(Date.now());
    return false;
  };
  const enter = (c: Context, by: string) => {
    setCookie(c, COOKIE, access.sign(by), {
      httpOnly: true,
      sameSite: "Strict",
      path: "/operator",
      secure: new URL(c.req.url).protocol === "https:",
      maxAge: 43_200,
    });
    return c.redirect("/operator", 303);
  };
  const form = (c: Context, error: string | null) =>
    c.html(
      <Page title="Sign in" name={name} by={null}>
        <LoginView error={error} />
      </Page>,
      error === null ? 200 : 401,
    );
  // The link that the command prints.
  app.get("/", (c, next) => {
    const key = c.req.query("key");
    if (key === undefined) return next();
    return Promise.resolve(isKey(key) ? enter(c, "operator") : form(c, "This key is not right."));
  });
  app.get("/login", (c) => form(c, null));
  app.post("/login", async (c) => {
    const body = await c.req.parseBody();
    const [key, by] = [body["key"], body["name"]].map((value) =>
      typeof value === "string" ? value.trim() : "",
    );
    if (!isKey(key!)) return form(c, "This key is not right.");
    return enter(c, by!.slice(0, 60) || "operator");
  });
  app.post("/logout", (c) => {
    deleteCookie(c, COOKIE, { path: "/operator" });
    return c.redirect("/operator/login", 303);
  });
}

function conversationPages(app: Hono<Env>, service: Service, name: string): void {
  const show = async (c: Context<Env>, error: string | null = null) => {
    const id = c.req.param("id")!;
    const history = /^[0-9a-f]{16}$/.test(id) ? await service.history(id) : null;
    if (!history) return c.text("there is no such conversation", 404);
    const { view, events } = history;
    const live = (
      <LiveView
        view={view}
        events={events}
        conversation={service.find(id) ?? null}
        decisions={service.decisions(id)}
      />
    );
    if (c.req.query("part") === "live") return c.html(live);
    return c.html(
      <Page title="Conversation" name={name} by={c.get("by")}>
        <p>
          <a href="/operator">All conversations</a>
        </p>
        <div class="two">
          {live}
          <ActionsView view={view} error={error} />
        </div>
      </Page>,
      error === null ? 200 : 409,
    );
  };
  app.get("/c/:id", (c) => show(c));
  app.get("/c/:id/picture", async (c) => {
    const picture = await service.find(c.req.param("id"))?.picture();
    if (!picture) return c.text("no browser is open", 404);
    return c.body(new Uint8Array(picture), 200, { "Content-Type": "image/jpeg" });
  });
  app.post("/c/:id/:verb{say|do|take|give|close|approve|delete}", async (c) => {
    const { id, verb } = c.req.param();
    const by = c.get("by");
    if (verb === "delete") {
      if (service.find(id) && service.find(id)!.view.state !== "closed") return show(c, "Close it first.");
      return (await service.forget(id, by))
        ? c.redirect("/operator", 303)
        : c.text("there is no such conversation", 404);
    }
    const conversation = service.find(id);
    if (!conversation) return show(c, "It is closed.");
    const body = await c.req.parseBody();
    const field = (key: string) => (typeof body[key] === "string" ? body[key] : "");
    try {
      act(conversation, verb!, by, field);
    } catch (error) {
      if (error instanceof Refused) return show(c, error.message);
      throw error;
    }
    return c.redirect(`/operator/c/${id}`, 303);
  });
}

function act(conversation: Conversation, verb: string, by: string, field: (key: string) => string): void {
  switch (verb) {
    case "say":
      return conversation.say(field("text"), by);
    case "take":
      return conversation.takeOver(by);
    case "give":
      return conversation.giveBack(by);
    case "close":
      return conversation.close(by, `${by} closed it`);
    case "do":
      return conversation.instruct(field("text"), by);
    default: {
      const note = field("note").trim();
      const answer = { approved: field("answer") === "yes", by, ...(note !== "" && { note }) };
      if (!conversation.approvals.answer(field("question"), answer))
        throw new Refused(409, "This question is not open any more.");
    }
  }
}

/** Names conversations in which something happens. */
function changes(c: Context, service: Service): Response {
  return streamSSE(c, async (stream) => {
    let changed = new Set<string>();
    const idle = openWait(stream);
    const end = service.onChange((id) => {
      changed.add(id);
      idle.wake();
    });
    try {
      await stream.writeSSE({ event: "change", data: "" });
      while (!stream.aborted && !stream.closed) {
        const now = changed;
        changed = new Set();
        for (const id of now) await stream.writeSSE({ event: "change", data: id });
        if (changed.size > 0) continue;
        await idle.wait();
      }
    } finally {
      end();
    }
  });
}
