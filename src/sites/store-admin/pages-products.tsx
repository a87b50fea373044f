/** @file Products and reviews. */

import type { Hono } from "hono";
import { day } from "../dates.ts";
import { CATEGORIES } from "../store/data/catalog.ts";
import { money, parseCount, parseMoney } from "../store/format.ts";
import {
  createProduct,
  deleteReview,
  moderateReview,
  saveProduct,
  type ProductForm,
} from "../store/products.ts";
import { matches, productById, productOf, searchProducts } from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import type { Product, Review } from "../store/state.ts";
import { stars } from "../storefront/context.tsx";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Facts,
  Field,
  Heading,
  Modal,
  PostButton,
  withQuery,
} from "../ui.tsx";
import { failure, listPage, notFound, show } from "./context.tsx";

const STOCK_FILTERS = ["Any", "Low", "Out of stock"] as const;

export function productPages(app: Hono<StoreEnv>): void {
  app.get("/products", (c) => {
    const state = c.env.store;
    const query = c.req.query();
    const products = searchProducts(state, query["q"] ?? "").filter(
      (p) =>
        (!query["category"] || p.category === query["category"]) &&
        (query["stock"] !== "Low" || (p.stock > 0 && p.stock <= 5)) &&
        (query["stock"] !== "Out of stock" || p.stock === 0),
    );
    return listPage(c, "Products", products, {
      filters: (
        <>
          <Field
            label="Category"
            name="category"
            type="select"
            value={query["category"]}
            options={[["", "Any"], ...CATEGORIES.map((x) => [x.name, x.name] as const)]}
          />
          <Field label="Stock" name="stock" type="select" value={query["stock"]} options={STOCK_FILTERS} />
        </>
      ),
      more: <ButtonLink href="/products/new">New product</ButtonLink>,
      head: ["Product", "Category", "Price", "Stock", "Status"],
      numeric: [2, 3],
      row: (p) => [
        <a href={`/products/${p.id}`}>{p.name}</a>,
        p.category,
        money(p.price),
        p.stock,
        p.enabled ? <Badge tone="good">Enabled</Badge> : <Badge tone="bad">Disabled</Badge>,
      ],
    });
  });

  app.get("/products/new", (c) =>
    productForm(c, null, { category: CATEGORIES[0]!.name, enabled: "on" }, null),
  );

  app.post("/products/new", async (c) => {
    const { raw, form } = await readForm(c);
    const refusal = attempt(() => createProduct(c.env.store, form));
    if (refusal) return productForm(c, null, raw, refusal);
    flash(c.get("session"), `${form.name.trim()} is created.`);
    return c.redirect("/products");
  });

  app.get("/products/:id", (c) => {
    const product = productById(c.env.store, Number(c.req.param("id")));
    if (!product) return notFound(c);
    const raw = {
      name: product.name,
      category: product.category,
      price: (product.price / 100).toFixed(2),
      stock: String(product.stock),
      description: product.description,
      enabled: product.enabled ? "on" : "",
    };
    return productForm(c, product, raw, null);
  });

  app.post("/products/:id", async (c) => {
    const product = productById(c.env.store, Number(c.req.param("id")));
    if (!product) return notFound(c);
    const { raw, form } = await readForm(c);
    const refusal = attempt(() => saveProduct(c.env.store, product.id, form));
    if (refusal) return productForm(c, product, raw, refusal);
    flash(c.get("session"), `${product.name} is saved.`);
    return c.redirect(`/products/${product.id}`);
  });
}

type RawForm = Partial<Record<"name" | "category" | "price" | "stock" | "description" | "enabled", string>>;

async function readForm(c: StoreContext): Promise<{ raw: RawForm; form: ProductForm }> {
  const field = await formOf(c);
  const raw = {
    name: field("name"),
    category: field("category"),
    price: field("price"),
    stock: field("stock"),
    description: field("description"),
    enabled: field("enabled"),
  };
  const form = {
    ...raw,
    price: parseMoney(raw.price),
    stock: parseCount(raw.stock),
    enabled: raw.enabled === "on",
  };
  return { raw, form };
}

function productForm(c: StoreContext, product: Product | null, raw: RawForm, refusal: Refusal | null) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  const title = product?.name ?? "New product";
  return show(
    c,
    title,
    <>
      <Heading title={title}>
        {product && (
          <ButtonLink href={withQuery("/reviews", { q: product.name })}>Reviews of this product</ButtonLink>
        )}
      </Heading>
      <Card>
        <form method="post">
          <div class="pair">
            <Field label="Name" name="name" value={raw.name} error={error("name")} />
            <Field
              label="Category"
              name="category"
              type="select"
              value={raw.category}
              options={CATEGORIES.map((x) => x.name)}
              error={error("category")}
            />
            <Field label="Price" name="price" value={raw.price} error={error("price")} />
            <Field label="Stock" name="stock" value={raw.stock} error={error("stock")} />
          </div>
          <Field label="Description" name="description" type="textarea" rows={3} value={raw.description} />
          <Field label="Enabled" name="enabled" type="checkbox" checked={raw.enabled === "on"} />
          <Button>Save product</Button>
        </form>
      </Card>
    </>,
    { narrow: true, ...failure(refusal) },
  );
}

export function reviewPages(app: Hono<StoreEnv>): void {
  app.get("/reviews", (c) => {
    const state = c.env.store;
    const query = c.req.query();
    const reviews = state.reviews
      .filter((r) => !query["status"] || r.status === query["status"])
      .filter((r) => matches(query["q"] ?? "", productOf(state, r.productId).name, r.author))
      .reverse();
    return listPage(c, "Reviews", reviews, {
      filters: (
        <>
          <Field
            label="Status"
            name="status"
            type="select"
            value={query["status"]}
            options={[["", "Any"], "Pending", "Approved", "Rejected"]}
          />
        </>
      ),
      head: ["Review", "Rating", "Status"],
      row: (r) => [
        <a href={`/reviews/${r.id}`}>
          {productOf(state, r.productId).name} by {r.author}
        </a>,
        stars(r.rating),
        <ReviewBadge status={r.status} />,
      ],
    });
  });

  app.get("/reviews/:id", (c) => {
    const state = c.env.store;
    const review = state.reviews.find((r) => r.id === Number(c.req.param("id")));
    if (!review) return notFound(c);
    const path = `/reviews/${review.id}`;
    return show(
      c,
      "Review",
      <>
        <Heading title={review.title}>
          {review.status !== "Approved" && (
            <PostButton action={`${path}/approve`} label="Approve review" kind="primary" />
          )}
          {review.status !== "Rejected" && <PostButton action={`${path}/reject`} label="Reject review" />}
          <Modal
            id="delete"
            open="Delete review"
            kind="danger"
            title="Delete this review?"
            cancel="Keep review"
          >
            <PostButton action={`${path}/delete`} label="Yes, delete review" kind="danger" />
          </Modal>
        </Heading>
        <Card>
          <blockquote>{review.text}</blockquote>
          <Facts
            items={[
              ["Product", productOf(state, review.productId).name],
              ["Author", review.author],
              ["Rating", stars(review.rating)],
              ["Date", day(review.at)],
              ["Status", <ReviewBadge status={review.status} />],
            ]}
          />
        </Card>
      </>,
      { narrow: true },
    );
  });

  app.post("/reviews/:id/:verb{approve|reject|delete}", (c) => {
    const state = c.env.store;
    const id = Number(c.req.param("id"));
    const verb = c.req.param("verb");
    const refusal = attempt(() =>
      verb === "delete"
        ? deleteReview(state, id)
        : moderateReview(state, id, verb === "approve" ? "Approved" : "Rejected"),
    );
    const done = {
      approve: "The review is approved.",
      reject: "The review is rejected.",
      delete: "The review is deleted.",
    };
    flash(c.get("session"), refusal?.message ?? done[verb as "approve"], refusal ? "error" : "success");
    return c.redirect(verb === "delete" || refusal ? "/reviews" : `/reviews/${id}`);
  });
}

function ReviewBadge({ status }: { status: Review["status"] }) {
  return (
    <Badge tone={({ Pending: "warn", Approved: "good", Rejected: "bad" } as const)[status]}>{status}</Badge>
  );
}
