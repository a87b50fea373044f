/** @file Home, categories, search, product pages and writing a review. */

import type { Hono } from "hono";
import { CATEGORIES } from "../store/data/catalog.ts";
import { money } from "../store/format.ts";
import { addToWishlist, writeReview } from "../store/products.ts";
import {
  approvedReviews,
  customerOf,
  productById,
  ratingOf,
  searchProducts,
  SORTS,
  sortProducts,
} from "../store/queries.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import type { Product, StoreState } from "../store/state.ts";
import {
  Button,
  ButtonLink,
  Card,
  Empty,
  Facts,
  Field,
  Heading,
  Pagination,
  paginate,
  PostButton,
  Tabs,
  withQuery,
} from "../ui.tsx";
import { notFound, ProductCards, productPath, show, stars } from "./context.tsx";
import { Picture, ProductPicture } from "./picture.tsx";

const PER_PAGE = 8;

const PRICES: readonly (readonly [value: string, text: string, low: number, high: number])[] = [
  ["", "Any price", 0, Infinity],
  ["0-50", "Under $50", 0, 5000],
  ["50-100", "$50 to $100", 5000, 10000],
  ["100-", "Over $100", 10000, Infinity],
];

export function catalogPages(app: Hono<StoreEnv>): void {
  app.get("/", (c) => {
    const state = c.env.store;
    const picks = state.products
      .filter((p) => p.enabled && p.stock > 5 && (ratingOf(state, p.id)?.average ?? 0) >= 4.7)
      .filter((p, i, all) => all.findIndex((other) => other.category === p.category) === i);
    return show(
      c,
      "Home",
      <>
        <Heading title="Shop by category" />
        <div class="tiles">
          {CATEGORIES.map((category, i) => (
            <a class="tile-link" href={`/category/${category.slug}`}>
              <Picture category={category.name} id={i} size="tile" />
              <span>{category.name}</span>
            </a>
          ))}
        </div>
        <h2>Staff picks</h2>
        <ProductCards state={state} products={picks.slice(1, 3)} />
      </>,
    );
  });

  app.get("/category/:slug", (c) => {
    const category = CATEGORIES.find((item) => item.slug === c.req.param("slug"));
    if (!category) return notFound(c);
    const state = c.env.store;
    const query = c.req.query();
    const price = PRICES.find(([value]) => value === query["price"]) ?? PRICES[0]!;
    const found = state.products.filter(
      (p) =>
        p.enabled &&
        p.category === category.name &&
        (!query["brand"] || p.brand === query["brand"]) &&
        p.price >= price[2] &&
        p.price < price[3] &&
        (query["stock"] !== "on" || p.stock > 0),
    );
    return show(
      c,
      category.name,
      <>
        <Heading title={category.name} />
        <form class="filters row end" method="get">
          <Field
            label="Brand"
            name="brand"
            type="select"
            value={query["brand"]}
            options={[["", "Any brand"], ...category.lines.map((l) => [l.name, l.name] as const)]}
          />
          <Field
            label="Price"
            name="price"
            type="select"
            value={query["price"]}
            options={PRICES.map(([value, text]) => [value, text] as const)}
          />
          <Field label="Sort" name="sort" type="select" value={query["sort"]} options={SORTS} />
          <Field label="In stock only" name="stock" type="checkbox" checked={query["stock"] === "on"} />
          <Button>Apply</Button>
        </form>
        <Results
          c={c}
          products={sortProducts(state, found, query["sort"] ?? "")}
          empty="No products match."
        />
      </>,
    );
  });

  app.get("/search", (c) => {
    const state = c.env.store;
    const query = (c.req.query("q") ?? "").trim();
    const found = searchProducts(state, query).filter((p) => p.enabled);
    const sort = c.req.query("sort") ?? "";
    return show(
      c,
      "Search",
      query === "" ? (
        <Empty text="Type what you are looking for." />
      ) : (
        <>
          <Heading title={`Results for ${query}`}>
            {found.length > 1 && (
              <form class="row end" method="get">
                <input type="hidden" name="q" value={query} />
                <Field label="Sort" name="sort" type="select" value={sort} options={SORTS} />
                <Button kind="plain">Apply</Button>
              </form>
            )}
          </Heading>
          <Results
            c={c}
            products={sortProducts(state, found, sort)}
            empty={`No products found for ${query}.`}
          />
        </>
      ),
      { query },
    );
  });

  app.get("/suggest", (c) => {
    const query = c.req.query("q") ?? "";
    const found = searchProducts(c.env.store, query).filter((p) => p.enabled);
    return c.json(found.slice(0, 5).map((p) => ({ label: p.name, href: productPath(p) })));
  });

  app.get("/product/:id", (c) => {
    const product = productOn(c);
    return product ? productPage(c, product, null) : notFound(c);
  });

  app.post("/product/:id/wishlist", (c) => {
    const product = productOn(c);
    const { user } = c.get("session");
    if (!product) return notFound(c);
    if (user === null) return c.redirect(`/login?next=${productPath(product)}`);
    addToWishlist(c.env.store, user, product.id);
    flash(c.get("session"), `${product.name} is on your wishlist.`);
    return c.redirect(productPath(product));
  });

  app.get("/product/:id/review", (c) => {
    const product = productOn(c);
    if (!product) return notFound(c);
    if (c.get("session").user === null) return c.redirect(`/login?next=${productPath(product)}/review`);
    return reviewForm(c, product, {}, null);
  });

  app.post("/product/:id/review", async (c) => {
    const product = productOn(c);
    const { user } = c.get("session");
    if (!product) return notFound(c);
    if (user === null) return c.redirect("/login");
    const field = await formOf(c);
    const form = { rating: Number(field("rating")), title: field("title"), text: field("text") };
    const author = customerOf(c.env.store, user).name;
    const refusal = attempt(() => writeReview(c.env.store, product.id, author, form));
    if (refusal) return reviewForm(c, product, form, { field: refusal.field, message: refusal.message });
    flash(c.get("session"), "Thank you. We read your review before we show it.");
    return c.redirect(productPath(product));
  });
}

function productOn(c: StoreContext): Product | undefined {
  const product = productById(c.env.store, Number(c.req.param("id")));
  return product?.enabled ? product : undefined;
}

function Results({ c, products, empty }: { c: StoreContext; products: Product[]; empty: string }) {
  const query = c.req.query();
  const shown = paginate(products, Number(query["page"]), PER_PAGE);
  if (shown.total === 0) return <Empty text={empty} />;
  return (
    <>
      <ProductCards state={c.env.store} products={shown.items} />
      <Pagination {...shown} href={(page) => withQuery(c.req.path, query, { page })} />
    </>
  );
}

/** `refusal`: why the product was not added to the cart. */
export function productPage(c: StoreContext, product: Product, refusal: string | null) {
  const state = c.env.store;
  const rating = ratingOf(state, product.id);
  const category = CATEGORIES.find((item) => item.name === product.category)!;
  return show(
    c,
    product.name,
    <div class="cols">
      <ProductPicture product={product} size="large" />
      <div>
        <a href={`/category/${category.slug}`}>{category.name}</a>
        <h1>{product.name}</h1>
        <p class="big">{money(product.price)}</p>
        <p>
          {rating
            ? `${stars(rating.average)} from ${rating.count} ${rating.count === 1 ? "review" : "reviews"}`
            : "No reviews yet"}
          {" · "}
          {product.stock === 0 ? "Out of stock" : `${product.stock} in stock`}
        </p>
        <div class="row end">
          {product.stock > 0 && (
            <form class="row end" method="post" action="/cart/add">
              <input type="hidden" name="product" value={String(product.id)} />
              <Field label="Quantity" name="quantity" value={c.req.method === "POST" ? "" : "1"} />
              <Button>Add to cart</Button>
            </form>
          )}
          <PostButton action={`${productPath(product)}/wishlist`} label="Add to wishlist" />
        </div>
        <br />
        <ProductTabs state={state} product={product} />
      </div>
    </div>,
    { error: refusal, ...(refusal ? { status: 422 as const } : {}) },
  );
}

function ProductTabs({ state, product }: { state: StoreState; product: Product }) {
  const reviews = approvedReviews(state, product.id);
  const facts: [string, string][] = [
    ["SKU", product.sku],
    ["Colour", product.colour],
    ["Material", product.material],
    ["Weight", product.weight],
    ["Warranty", product.warrantyYears === 1 ? "1 year" : `${product.warrantyYears} years`],
  ];
  return (
    <Tabs
      tabs={[
        { id: "description", label: "Description", content: <p>{product.description}</p> },
        {
          id: "details",
          label: "Details",
          content: <Facts items={facts.filter(([, value]) => value !== "")} />,
        },
        {
          id: "reviews",
          label: "Reviews",
          content: (
            <>
              {reviews.length === 0 && <p>No reviews yet.</p>}
              {reviews.map((review) => (
                <div class="review">
                  <p>
                    <b>{review.author}</b>, {stars(review.rating)}: {review.title}
                  </p>
                  <p class="muted">{review.text}</p>
                </div>
              ))}
              <p>
                <br />
                <ButtonLink href={`${productPath(product)}/review`}>Write a review</ButtonLink>
              </p>
            </>
          ),
        },
      ]}
    />
  );
}

function reviewForm(
  c: StoreContext,
  product: Product,
  form: { rating?: number; title?: string; text?: string },
  refusal: { field: string | null; message: string } | null,
) {
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  return show(
    c,
    "Write a review",
    <Card>
      <Heading title={`Your review of ${product.name}`} />
      <form method="post">
        <Field
          label="Rating"
          name="rating"
          type="select"
          value={form.rating || ""}
          options={[["", "Choose"], ...[5, 4, 3, 2, 1].map((n) => [String(n), stars(n)] as const)]}
          error={error("rating")}
        />
        <Field label="Title" name="title" value={form.title} error={error("title")} />
        <Field label="Review" name="text" type="textarea" value={form.text} />
        <Button>Send review</Button>
      </form>
    </Card>,
    { narrow: true, ...(refusal ? { status: 422 as const } : {}) },
  );
}
