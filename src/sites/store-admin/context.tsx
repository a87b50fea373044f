/** @file What all pages of the store admin share. */

import type { Child } from "hono/jsx";
import { siblingUrl, takeFlash, type StoreContext } from "../store/session.ts";
import {
  Button,
  ButtonLink,
  Empty,
  Field,
  Heading,
  Page,
  Pagination,
  paginate,
  Table,
  withQuery,
  type NavItem,
  type Theme,
} from "../ui.tsx";

const THEME: Theme = {
  title: "Store admin",
  colour: "#2c3550",
  tint: "#ebeef6",
  background: "#f3f4f7",
  css: `
.counts{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin-bottom:18px}
.count{background:#fff;border:1px solid #e3e5ea;border-radius:12px;padding:14px 18px;text-decoration:none;color:#5a606c}
.count b{display:block;font-size:28px;color:#22252b;line-height:1.2}.count:hover{box-shadow:0 6px 18px #0000001a}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 16px}blockquote{margin:0 0 14px;padding:10px 16px;background:#f3f4f7;border-left:4px solid #b9c1d6;border-radius:0 8px 8px 0}
`,
};

const SECTIONS = ["Orders", "Products", "Customers", "Reviews", "Messages", "Pages", "Reports"] as const;

/** Answers with a page of the admin. */
export function show(
  c: StoreContext,
  title: string,
  content: Child,
  options: { status?: 200 | 404 | 422; narrow?: boolean; error?: string | null } = {},
) {
  const session = c.get("session");
  const kept = takeFlash(session);
  const signedIn = session.user !== null;
  const nav: NavItem[] = signedIn
    ? SECTIONS.map((label) => {
        const href = `/${label.toLowerCase()}`;
        return { label, href, current: c.req.path.startsWith(href) };
      })
    : [];
  return c.html(
    <Page
      theme={THEME}
      title={title}
      nav={nav}
      account={[{ label: "Storefront", href: siblingUrl(c, "shop") }]}
      flash={options.error ? { kind: "error", text: options.error } : kept}
      narrow={options.narrow}
    >
      {content}
    </Page>,
    options.status ?? 200,
  );
}

/**
 * A section's list with its search, eight rows a page. `title` names the section's path, too. `more`: after the
 * filters.
 */
export function listPage<T>(
  c: StoreContext,
  title: (typeof SECTIONS)[number],
  items: readonly T[],
  list: { filters: Child; more?: Child; head: Child[]; numeric?: number[]; row: (item: T) => Child[] },
) {
  const query = c.req.query();
  const section = title.toLowerCase();
  const shown = paginate(items, Number(query["page"]), 8);
  return show(
    c,
    title,
    <>
      <Heading title={title}>
        <form class="row end" method="get">
          <Field label={`Search ${section}`} name="q" value={query["q"]} />
          {list.filters}
          <Button>Apply</Button>
          {list.more}
        </form>
      </Heading>
      {shown.total === 0 ? (
        <Empty text={`No ${section} found.`} />
      ) : (
        <Table head={list.head} numeric={list.numeric} rows={shown.items.map(list.row)} />
      )}
      <Pagination {...shown} href={(page) => withQuery(`/${section}`, query, { page })} />
    </>,
  );
}

export function notFound(c: StoreContext) {
  return show(
    c,
    "Page not found",
    <Empty text="There is no such page.">
      <ButtonLink href="/">Back to the dashboard</ButtonLink>
    </Empty>,
    { status: 404 },
  );
}

/** What went wrong, if it belongs to no field. */
export function failure(refusal: { field: string | null; message: string } | null) {
  return refusal ? { status: 422 as const, error: refusal.field === null ? refusal.message : null } : {};
}
