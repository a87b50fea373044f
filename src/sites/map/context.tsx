/** @file What every page of the map needs: the signed-in user, and the page's frame. */

import type { Child } from "hono/jsx";
import { signInBy, type Ctx } from "../kit.tsx";
import { Empty, Page } from "../ui.tsx";
import type { FlashMessage, Theme } from "../ui.tsx";

export const MAP_HOST = "map.webrl.test";
export const COOKIE = "map_session";
export const PER_PAGE = 8;

const THEME: Theme = { title: "Vale Maps", colour: "#2c6e57", tint: "#e6f2ec", background: "#f4f6f1" };

const STYLE = `
.drawing{display:block;width:100%;border-radius:12px;border:1px solid #dde3d8}
.kinds{display:grid;grid-template-columns:1fr 1fr;gap:8px}.kinds a{padding:8px 14px;background:#fff;border:1px solid #e3e7df;border-radius:9px;text-decoration:none;color:#29423a}
.kinds a:hover{background:var(--tint)}.stars{color:#8a5a00;font-weight:600}.steps{padding-left:22px;margin:0}.steps li{padding:5px 0}
.total{font-size:21px;font-weight:700;margin:0 0 8px}
`;

export const accounts = signInBy(COOKIE, (world) => world.map);
export const { state: stateOf, currentUser: userOf, flash } = accounts;

export function page(
  c: Ctx,
  title: string,
  content: Child,
  options: { narrow?: boolean; status?: 200 | 404 | 422; q?: string; flash?: FlashMessage } = {},
) {
  const kept = accounts.takeFlash(c);
  const link = (label: string, href: string) => ({ label, href, current: c.req.path === href });
  return c.html(
    <Page
      theme={THEME}
      title={title}
      narrow={options.narrow}
      search={{ action: "/search", label: "Search the map", value: options.q, suggest: "/suggest" }}
      nav={[link("Directions", "/directions"), link("Towns", "/towns"), link("Saved lists", "/lists")]}
      account={[userOf(c) ? link("Sign out", "/logout") : link("Sign in", "/login")]}
      flash={options.flash ?? kept}
    >
      <style>{STYLE}</style>
      {content}
    </Page>,
    options.status ?? 200,
  );
}

export function notFound(c: Ctx) {
  return page(
    c,
    "Page not found",
    <Empty text="There is no such place or page.">
      <a href="/">Back to the map</a>
    </Empty>,
    { status: 404 },
  );
}

/** The answer to a page that needs an account; `null` if somebody is signed in. */
export function signInFirst(c: Ctx) {
  return userOf(c) ? null : c.redirect(`/login?next=${encodeURIComponent(c.req.path)}`);
}
