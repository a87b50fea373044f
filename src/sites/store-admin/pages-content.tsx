/** @file Pages of the shop (draft and published), and reports. */

import type { Hono } from "hono";
import { day, month } from "../dates.ts";
import { createPage, deletePage, pageById, publishPage, savePage, unpublishPage } from "../store/content.ts";
import { CATEGORIES } from "../store/data/catalog.ts";
import { money, parseCount } from "../store/format.ts";
import {
  bestsellers,
  isSale,
  lowStock,
  matches,
  orderTotal,
  salesByCategory,
  salesMonths,
} from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import type { ContentPage } from "../store/state.ts";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Field,
  Heading,
  Modal,
  Pagination,
  paginate,
  PostButton,
  Table,
  withQuery,
} from "../ui.tsx";
import { failure, listPage, notFound, show } from "./context.tsx";

export function contentPages(app: Hono<StoreEnv>): void {
  app.get("/pages", (c) => {
    const query = c.req.query();
    const pages = c.env.store.pages.filter(
      (p) => (!query["status"] || p.status === query["status"]) && matches(query["q"] ?? "", p.title),
    );
    return listPage(c, "Pages", pages, {
      filters: (
        <>
          <Field
            label="Status"
            name="status"
            type="select"
            value={query["status"]}
            options={[["", "Any"], "Draft", "Published"]}
          />
        </>
      ),
      more: <ButtonLink href="/pages/new">New page</ButtonLink>,
      head: ["Page", "Updated", "Status"],
      row: (p) => [<a href={`/pages/${p.id}`}>{p.title}</a>, day(p.updated), <PageBadge status={p.status} />],
    });
  });

  app.get("/pages/new", (c) => pageForm(c, null, {}, null));

  app.post("/pages/new", async (c) => {
    const field = await formOf(c);
    const form = { title: field("title"), body: field("body") };
    let id = 0;
    const refusal = attempt(() => {
      id = createPage(c.env.store, form).id;
    });
    if (refusal) return pageForm(c, null, form, refusal);
    flash(c.get("session"), "The draft is saved.");
    return c.redirect(`/pages/${id}`);
  });

  app.get("/pages/:id", (c) => {
    const page = pageById(c.env.store, Number(c.req.param("id")));
    return page ? pageForm(c, page, page, null) : notFound(c);
  });

  app.post("/pages/:id", async (c) => {
    const page = pageById(c.env.store, Number(c.req.param("id")));
    if (!page) return notFound(c);
    const field = await formOf(c);
    const form = { title: field("title"), body: field("body") };
    const refusal = attempt(() => savePage(c.env.store, page.id, form));
    if (refusal) return pageForm(c, page, form, refusal);
    flash(c.get("session"), "The page is saved.");
    return c.redirect(`/pages/${page.id}`);
  });

  app.post("/pages/:id/:verb{publish|unpublish|delete}", (c) => {
    const page = pageById(c.env.store, Number(c.req.param("id")));
    if (!page) return notFound(c);
    const verb = c.req.param("verb") as "publish" | "unpublish" | "delete";
    const act = { publish: publishPage, unpublish: unpublishPage, delete: deletePage }[verb];
    const done = {
      publish: "The page is published.",
      unpublish: "The page is a draft again.",
      delete: "The page is deleted.",
    }[verb];
    const refusal = attempt(() => act(c.env.store, page.id));
    flash(c.get("session"), refusal?.message ?? done, refusal ? "error" : "success");
    return c.redirect(verb === "delete" && !refusal ? "/pages" : `/pages/${page.id}`);
  });
}

function pageForm(
  c: StoreContext,
  page: ContentPage | null,
  form: { title?: string; body?: string },
  refusal: Refusal | null,
) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  const title = page?.title ?? "New page";
  return show(
    c,
    title,
    <>
      <Heading title={title}>
        {page && <PageBadge status={page.status} />}
        {page?.status === "Draft" && (
          <>
            <PostButton action={`/pages/${page.id}/publish`} label="Publish page" kind="primary" />
            <Modal
              id="delete"
              open="Delete page"
              kind="danger"
              title={`Delete ${page.title}?`}
              cancel="Keep page"
            >
              <PostButton action={`/pages/${page.id}/delete`} label="Yes, delete page" kind="danger" />
            </Modal>
          </>
        )}
        {page?.status === "Published" && (
          <PostButton action={`/pages/${page.id}/unpublish`} label="Unpublish page" />
        )}
      </Heading>
      <Card>
        <form method="post">
          <Field label="Title" name="title" value={form.title} error={error("title")} />
          <Field label="Text" name="body" type="textarea" rows={6} value={form.body} />
          <Button>Save page</Button>
        </form>
      </Card>
    </>,
    { narrow: true, ...failure(refusal) },
  );
}

function PageBadge({ status }: { status: ContentPage["status"] }) {
  return <Badge tone={status === "Published" ? "good" : "warn"}>{status}</Badge>;
}

export function reportPages(app: Hono<StoreEnv>): void {
  app.get("/reports", (c) =>
    show(
      c,
      "Reports",
      <>
        <Heading title="Reports" />
        <Card>
          <p>
            <a href="/reports/bestsellers">Bestsellers</a>
          </p>
          <p>
            <a href="/reports/sales">Sales by month</a>
          </p>
          <p>
            <a href="/reports/stock">Low stock</a>
          </p>
        </Card>
      </>,
      { narrow: true },
    ),
  );

  app.get("/reports/bestsellers", (c) => {
    const state = c.env.store;
    const chosen = c.req.query("month") ?? "";
    const shown = bestsellers(state, chosen).slice(0, 8);
    return show(
      c,
      "Bestsellers",
      <>
        <Heading title="Bestsellers">
          <MonthFilter c={c} chosen={chosen} />
        </Heading>
        <Table
          head={["Rank", "Product", "Units"]}
          numeric={[2]}
          rows={shown.map(({ product, units }, i) => [i + 1, product.name, units])}
        />
      </>,
      { narrow: true },
    );
  });

  app.get("/reports/sales", (c) => {
    const state = c.env.store;
    const all = salesMonths(state);
    const chosen = c.req.query("month") ?? all[0]!;
    const months = all.filter((m) => chosen === "" || m === chosen);
    const sales = salesByCategory(state);
    const orders = (m: string) => state.orders.filter((o) => isSale(o) && o.placed.startsWith(m));
    return show(
      c,
      "Sales by month",
      <>
        <Heading title="Sales by month">
          <MonthFilter c={c} chosen={chosen} />
        </Heading>
        <Table
          wide={months.length > 1}
          head={["Category", ...months.map((m) => month(`${m}-01`))]}
          numeric={months.map((_, i) => i + 1)}
          rows={[
            ...CATEGORIES.map(({ name }) => [
              name,
              ...months.map((m) => money(sales.get(name)?.get(m) ?? 0)),
            ]),
            ["Orders", ...months.map((m) => orders(m).length)],
            [
              "With shipping",
              ...months.map((m) => money(orders(m).reduce((sum, o) => sum + orderTotal(o), 0))),
            ],
          ]}
        />
      </>,
    );
  });

  app.get("/reports/stock", (c) => {
    const below = parseCount(c.req.query("below") ?? "") ?? 3;
    const products = lowStock(c.env.store, below);
    const shown = paginate(products, Number(c.req.query("page")), 8);
    return show(
      c,
      "Low stock",
      <>
        <Heading title="Low stock">
          <form class="row end" method="get">
            <Field label="Fewer than" name="below" value={below} />
            <Button>Apply</Button>
          </form>
        </Heading>
        {shown.total === 0 ? (
          <Empty text="No product is that low." />
        ) : (
          <Table
            head={["Product", "Stock"]}
            numeric={[1]}
            rows={shown.items.map((p) => [<a href={`/products/${p.id}`}>{p.name}</a>, p.stock])}
          />
        )}
        <Pagination
          {...shown}
          href={(page) => withQuery("/reports/stock", { below: String(below) }, { page })}
        />
      </>,
      { narrow: true },
    );
  });
}

function MonthFilter({ c, chosen }: { c: StoreContext; chosen: string }) {
  const months = salesMonths(c.env.store);
  return (
    <form class="row end" method="get">
      <Field
        label="Month"
        name="month"
        type="select"
        value={chosen}
        options={[["", "All months"], ...months.map((m) => [m, month(`${m}-01`)] as const)]}
      />
      <Button>Apply</Button>
    </form>
  );
}
