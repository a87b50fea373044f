/**
 * @file Page shell and parts that all built-in sites share: markup with good accessible names, one style sheet that
 * a theme colours, one small script. Server-rendered; nothing is requested from outside.
 */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { SCRIPT, STYLE } from "./ui-assets.ts";

export interface Theme {
  /** Name of the site: second half of the document's title, and the brand link. */
  title: string;
  /** Header and buttons; must carry white text. */
  colour: string;
  /** Pale tint of `colour`. */
  tint: string;
  /** Page background. */
  background?: string;
  /** Font family of headings. */
  headings?: string;
  /** Rules of this site alone. */
  css?: string;
}

export interface NavItem {
  label: string;
  href: string;
  /** The current section. */
  current?: boolean;
}

export interface FlashMessage {
  kind: "success" | "error" | "info";
  text: string;
}

/** A whole document: header with brand, search and navigation, flash message, content. */
export function Page(props: {
  theme: Theme;
  title: string;
  nav: NavItem[];
  /** Right side of the header: account, sign out, other site. */
  account?: NavItem[];
  /** Search form in the header. `suggest`: URL that answers `?q=` with `[{ label, href }]`. */
  search?: { action: string; label: string; value?: string; suggest?: string };
  flash?: FlashMessage | null;
  /** Narrow column, for forms and reading. */
  narrow?: boolean;
  children?: Child;
}) {
  const { theme, search } = props;
  const vars = `:root{--c:${theme.colour};--tint:${theme.tint};--bg:${theme.background ?? "#f6f6f4"};--head:${theme.headings ?? "inherit"}}`;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{`${props.title} - ${theme.title}`}</title>
          <link rel="icon" href="data:," />
          <style>{raw(vars + STYLE + (theme.css ?? ""))}</style>
        </head>
        <body>
          <header class="top">
            <a class="brand" href="/">
              {theme.title}
            </a>
            {search && (
              <form class="find" role="search" method="get" action={search.action}>
                <input
                  type="text"
                  name="q"
                  aria-label={search.label}
                  placeholder={search.label}
                  value={search.value ?? ""}
                  autocomplete="off"
                  data-suggest={search.suggest}
                />
                <button aria-label="Search">
                  <SearchIcon />
                </button>
              </form>
            )}
            <nav>
              {props.nav.map((item) => (
                <NavLink item={item} />
              ))}
            </nav>
            {props.account && (
              <nav class="account" aria-label="Account">
                {props.account.map((item) => (
                  <NavLink item={item} />
                ))}
              </nav>
            )}
          </header>
          <main class={props.narrow ? "narrow" : ""}>
            {props.flash && <Flash {...props.flash} />}
            {props.children}
          </main>
          <script>{raw(SCRIPT)}</script>
        </body>
      </html>
    </>
  );
}

function NavLink({ item }: { item: NavItem }) {
  return (
    <a href={item.href} aria-current={item.current ? "page" : undefined}>
      {item.label}
    </a>
  );
}

function SearchIcon() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden="true">
      <circle cx="7" cy="7" r="4.5" stroke-width="1.8" />
      <path d="M10.5 10.5 14 14" stroke-width="2" stroke-linecap="round" />
    </svg>
  );
}

function Flash({ kind, text }: FlashMessage) {
  return (
    <p class={`flash ${kind}`} role={kind === "error" ? "alert" : "status"}>
      {text}
    </p>
  );
}

/** Page heading with optional actions on its right. */
export function Heading({ title, children }: { title: string; children?: Child }) {
  return (
    <div class="heading">
      <h1>{title}</h1>
      <div class="row">{children}</div>
    </div>
  );
}

export function Card(props: { title?: string; class?: string; children?: Child }) {
  return (
    <section class={`card ${props.class ?? ""}`}>
      {props.title && <h2>{props.title}</h2>}
      {props.children}
    </section>
  );
}

export interface FieldProps {
  label: string;
  name: string;
  /** `textarea`, `select`, `checkbox`, or an input's type. */
  type?: string;
  value?: string | number;
  checked?: boolean;
  /** Of a drop-down: values, or values with their texts. */
  options?: readonly (string | readonly [value: string, text: string])[];
  /** Validation message, shown below the field. */
  error?: string;
  hint?: string;
  rows?: number;
  required?: boolean;
}

/** A labelled field. The label's text is its accessible name. */
export function Field(props: FieldProps) {
  const { label, name, type = "text", value = "", error, hint } = props;
  const id = `f-${name}`;
  const about = error ? `${id}-error` : undefined;
  const common = { id, name, "aria-invalid": error ? "true" : undefined, "aria-describedby": about } as const;
  if (type === "checkbox")
    return (
      <label class="check">
        <input type="checkbox" {...common} value="on" checked={props.checked} /> {label}
      </label>
    );
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === "textarea" ? (
        <textarea {...common} rows={props.rows ?? 4}>
          {String(value)}
        </textarea>
      ) : type === "select" ? (
        <select {...common}>
          {(props.options ?? []).map((option) => {
            const [key, text] = typeof option === "string" ? [option, option] : option;
            return (
              <option value={key} selected={key === String(value)}>
                {text}
              </option>
            );
          })}
        </select>
      ) : (
        <input type={type} {...common} value={String(value)} autocomplete="off" />
      )}
      {hint && !error && <small>{hint}</small>}
      {error && (
        <small class="error" id={about}>
          {error}
        </small>
      )}
    </div>
  );
}

/** Radio buttons with a legend. */
export function Radios(props: {
  legend: string;
  name: string;
  value?: string;
  options: readonly (readonly [value: string, text: string])[];
  error?: string;
}) {
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.options.map(([value, text]) => (
        <label class="check">
          <input type="radio" name={props.name} value={value} checked={value === props.value} /> {text}
        </label>
      ))}
      {props.error && <small class="error">{props.error}</small>}
    </fieldset>
  );
}

/** A submit button. `label` is the accessible name where the visible text alone would be ambiguous. */
export function Button(props: {
  label?: string;
  kind?: "plain" | "danger" | "primary";
  name?: string;
  value?: string;
  disabled?: boolean;
  children?: Child;
}) {
  return (
    <button
      class={props.kind ?? "primary"}
      aria-label={props.label}
      name={props.name}
      value={props.value}
      disabled={props.disabled}
    >
      {props.children ?? props.label}
    </button>
  );
}

/** A form of one button that posts. */
export function PostButton(props: {
  action: string;
  label: string;
  /** Visible text, if shorter than `label`. */
  text?: string;
  kind?: "plain" | "danger" | "primary";
  fields?: Record<string, string>;
}) {
  return (
    <form method="post" action={props.action} class="inline">
      {Object.entries(props.fields ?? {}).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <Button label={props.label} kind={props.kind ?? "plain"}>
        {props.text ?? props.label}
      </Button>
    </form>
  );
}

/** A link that looks like a button. */
export function ButtonLink(props: { href: string; label?: string; primary?: boolean; children?: Child }) {
  return (
    <a class={props.primary ? "button primary" : "button"} href={props.href} aria-label={props.label}>
      {props.children ?? props.label}
    </a>
  );
}

/** `wide`: keeps its columns and lets the page be wider than the screen. */
export function Table(props: { head: Child[]; rows: Child[][]; wide?: boolean; numeric?: number[] }) {
  const numeric = new Set(props.numeric ?? []);
  return (
    <div class={props.wide ? "table wide" : "table"}>
      <table>
        <thead>
          <tr>
            {props.head.map((cell, i) => (
              <th scope="col" class={numeric.has(i) ? "num" : ""}>
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr>
              {row.map((cell, i) => (
                <td class={numeric.has(i) ? "num" : ""}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Terms and values. */
export function Facts({ items }: { items: (readonly [term: string, value: Child])[] }) {
  return (
    <dl>
      {items.map(([term, value]) => (
        <div>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Badge({ tone, children }: { tone?: "good" | "warn" | "bad"; children?: Child }) {
  return <span class={`badge ${tone ?? ""}`}>{children}</span>;
}

export function Empty({ text, children }: { text: string; children?: Child }) {
  return (
    <div class="empty">
      <p>{text}</p>
      {children}
    </div>
  );
}

/** `page` counted from 1 and clamped. */
export function paginate<T>(items: readonly T[], page: number, perPage: number) {
  const pages = Math.max(1, Math.ceil(items.length / perPage));
  const at = Math.min(Math.max(1, Math.trunc(page) || 1), pages);
  return {
    items: items.slice((at - 1) * perPage, at * perPage),
    page: at,
    pages,
    perPage,
    total: items.length,
  };
}

/** `href` makes the link to a page; see {@link withQuery}. */
export function Pagination(props: {
  page: number;
  pages: number;
  perPage: number;
  total: number;
  href: (page: number) => string;
}) {
  const { page, pages, perPage, total, href } = props;
  if (total === 0) return <></>;
  return (
    <div class="pages">
      <span>{`Showing ${(page - 1) * perPage + 1} to ${Math.min(page * perPage, total)} of ${total}`}</span>
      {page > 1 && <a href={href(page - 1)}>Previous page</a>}
      {page < pages && <a href={href(page + 1)}>Next page</a>}
    </div>
  );
}

/** `path` with `query` changed; empty values are left out. */
export function withQuery(
  path: string,
  query: Record<string, string | undefined>,
  change: Record<string, string | number> = {},
): string {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...query, ...change }))
    if (value !== undefined && value !== "") out.set(key, String(value));
  const text = out.toString();
  return text ? `${path}?${text}` : path;
}

/** A button that opens a modal dialog with `children`, usually a form, and a way out. */
export function Modal(props: {
  id: string;
  /** Accessible name of the opening button. */
  open: string;
  text?: string;
  kind?: "plain" | "danger" | "primary";
  title: string;
  cancel?: string;
  children?: Child;
}) {
  return (
    <>
      <button
        type="button"
        class={props.kind ?? "plain"}
        aria-label={props.open}
        aria-haspopup="dialog"
        data-open={props.id}
      >
        {props.text ?? props.open}
      </button>
      <dialog id={props.id} aria-label={props.title}>
        <h2>{props.title}</h2>
        {props.children}
        <button type="button" class="plain" data-close>
          {props.cancel ?? "Cancel"}
        </button>
      </dialog>
    </>
  );
}

/** Tabs switched in the page. All panels are in the document; only the chosen one is visible. */
export function Tabs({ tabs }: { tabs: { id: string; label: string; content: Child }[] }) {
  return (
    <div class="tabs">
      <div role="tablist">
        {tabs.map((tab, i) => (
          <button
            type="button"
            role="tab"
            id={`tab-${tab.id}`}
            aria-controls={`panel-${tab.id}`}
            aria-selected={i === 0 ? "true" : "false"}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {tabs.map((tab, i) => (
        <div role="tabpanel" id={`panel-${tab.id}`} aria-labelledby={`tab-${tab.id}`} hidden={i !== 0}>
          {tab.content}
        </div>
      ))}
    </div>
  );
}
