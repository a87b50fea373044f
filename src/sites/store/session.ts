/** @file Sign-in of both store sites: a cookie names a session in the state. */

import { getCookie, setCookie } from "hono/cookie";
import type { Context, MiddlewareHandler } from "hono";
import { passwordOf, STAFF } from "./data/people.ts";
import { Refusal } from "./refusal.ts";
import type { Session, StoreState } from "./state.ts";

/** The state reaches the handlers through Hono's environment, so that routes are built once per process. */
export interface StoreEnv {
  Bindings: { store: StoreState };
  Variables: { session: Session };
}

export type StoreContext = Context<StoreEnv>;

const cookieOf = (site: Session["site"]) => (site === "storefront" ? "shop_session" : "admin_session");

/** Opens a session. Tokens are counted, not random: the copy of the state is private to its episode. */
export function openSession(
  state: StoreState,
  site: Session["site"],
  user: number | null,
): { name: string; value: string } {
  const token = `${site}-${Object.keys(state.sessions).length + 1}`;
  state.sessions[token] = { site, user, flash: null };
  return { name: cookieOf(site), value: token };
}

/** Gives every request its session; opens one without a user if there is none. */
export function withSession(site: Session["site"]): MiddlewareHandler<StoreEnv> {
  return async (c, next) => {
    const state = c.env.store;
    const token = getCookie(c, cookieOf(site));
    let session = token === undefined ? undefined : state.sessions[token];
    if (session?.site !== site) {
      const { name, value } = openSession(state, site, null);
      setCookie(c, name, value, { path: "/", httpOnly: true });
      session = state.sessions[value]!;
    }
    c.set("session", session);
    await next();
  };
}

/** Runs a domain function; returns the objection of the shop's rules, if any. */
export function attempt(act: () => void): Refusal | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The fields of a posted form; those that are missing read as empty. */
export async function formOf(c: StoreContext): Promise<(name: string) => string> {
  const body = await c.req.parseBody();
  return (name) => {
    const value = body[name];
    return typeof value === "string" ? value : "";
  };
}

/** Id of the customer with this mail address and password. */
export function checkCustomer(state: StoreState, email: string, password: string): number | null {
  const customer = state.customers.find((c) => c.email.toLowerCase() === email.trim().toLowerCase());
  return customer && passwordOf(customer.id) === password.trim() ? customer.id : null;
}

export function checkStaff(user: string, password: string): boolean {
  return user.trim() === STAFF.user && password.trim() === STAFF.password;
}

/** The next page shows it. */
export function flash(session: Session, text: string, kind: "success" | "error" | "info" = "success"): void {
  session.flash = { kind, text };
}

export function takeFlash(session: Session): Session["flash"] {
  const message = session.flash;
  session.flash = null;
  return message;
}

/** Address of the other store site, reached the same way as this one. */
export function siblingUrl(c: StoreContext, sibling: "shop" | "admin"): string {
  const url = new URL(c.req.url);
  return `${url.protocol}//${url.host.replace(/^[^.]+/, sibling)}/`;
}
