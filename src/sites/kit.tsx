/** @file What the pages of the forum, the forge and the map share: who is signed in, flash messages, posted forms. */

import type { Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Child } from "hono/jsx";
import type { AccountSession } from "./session.ts";
import { Button, Field, Heading, type FlashMessage } from "./ui.tsx";
import type { WorldState } from "./world-state.ts";

/** Each request carries the episode's world, so routes are built only once per process. */
export interface Env {
  Bindings: { world: WorldState };
}
export type Ctx = Context<Env>;

interface Accounts {
  users: { name: string; password: string }[];
  sessions: Record<string, AccountSession>;
}

/** Sign-in of one site: the cookie names a session in the site's part of the state. */
export function signInBy<S extends Accounts>(cookie: string, stateOf: (world: WorldState) => S) {
  type User = S["users"][number];
  const state = (c: Ctx): S => stateOf(c.env.world);
  const token = (c: Ctx) => getCookie(c, cookie) ?? "";
  const sessionOf = (c: Ctx): AccountSession | undefined => state(c).sessions[token(c)];
  const findUser = (c: Ctx, name: string): User | undefined => state(c).users.find((u) => u.name === name);
  return {
    state,
    currentUser: (c: Ctx): User | undefined => {
      const session = sessionOf(c);
      return session && findUser(c, session.user);
    },
    /** The user of this name, if the password is theirs. */
    checkPassword: (c: Ctx, name = "", password = ""): User | undefined => {
      const user = findUser(c, name);
      return user?.password === password ? user : undefined;
    },
    signOut: (c: Ctx): void => {
      delete state(c).sessions[token(c)];
    },
    /** The next page shows the message, once. */
    flash: (c: Ctx, text: string, kind: FlashMessage["kind"] = "success"): void => {
      const session = sessionOf(c);
      if (session) session.flash = { kind, text };
    },
    takeFlash: (c: Ctx): FlashMessage | null => {
      const session = sessionOf(c);
      const message = session?.flash ?? null;
      if (session) delete session.flash;
      return message;
    },
  };
}

/** Fields of a posted form, as texts; a repeated field becomes a list. */
export async function fields(c: Context): Promise<Record<string, string>> {
  const body = await c.req.parseBody();
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [
      key,
      typeof value === "string" ? value.replaceAll("\r\n", "\n").trim() : "",
    ]),
  );
}

export const countNoun = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;

/** Signing in and out of the forum and the forge. */
export function signInPages(
  app: Hono<Env>,
  site: {
    cookie: string;
    openSession: (c: Ctx, user: string) => string;
    accounts: Pick<ReturnType<typeof signInBy>, "checkPassword" | "signOut">;
    page: (
      c: Ctx,
      title: string,
      content: Child,
      options: { narrow: boolean; status: 200 | 422 },
    ) => Response | Promise<Response>;
  },
): void {
  const loginPage = (c: Ctx, name: string, error?: string) =>
    site.page(
      c,
      "Sign in",
      <>
        <Heading title="Sign in" />
        <form method="post" action="/login" class="card">
          <Field label="User name" name="name" value={name} error={error} />
          <Field label="Password" name="password" type="password" />
          <Button>Sign in</Button>
        </form>
      </>,
      { narrow: true, status: error ? 422 : 200 },
    );

  app.get("/login", (c) => loginPage(c, ""));

  app.post("/login", async (c) => {
    const { name = "", password = "" } = await fields(c);
    const user = site.accounts.checkPassword(c, name, password);
    if (!user) return loginPage(c, name, "Wrong user name or password");
    setCookie(c, site.cookie, site.openSession(c, user.name), { httpOnly: true, path: "/", sameSite: "Lax" });
    return c.redirect("/");
  });

  app.get("/logout", (c) => {
    site.accounts.signOut(c);
    deleteCookie(c, site.cookie, { path: "/" });
    return c.redirect("/login");
  });
}
