/** @file What all pages of the storefront share: shell, product cards, the not-found page. */

import type { Child } from "hono/jsx";
import { money } from "../store/format.ts";
import { ratingOf } from "../store/queries.ts";
import { siblingUrl, takeFlash, type StoreContext } from "../store/session.ts";
import type { Product, StoreState } from "../store/state.ts";
import { ButtonLink, Empty, Page, type NavItem, type Theme } from "../ui.tsx";
import { ProductPicture } from "./picture.tsx";

const THEME: Theme = {
  title: "Harbor & Pine",
  colour: "#1d5548",
  tint: "#e8f1ed",
  background: "#f7f6f1",
  headings: 'Georgia,"Times New Roman",serif',
  css: `
.pic{display:flex;align-items:center;justify-content:center;border-radius:10px;flex:none;overflow:hidden}
.pic svg{width:54%;max-height:80%}.pic.thumb{width:108px;height:84px}.pic.thumb svg{width:46px}.pic.large{height:340px}.pic.large svg{width:34%}
.pic.tile{height:112px;border-radius:10px 10px 0 0}.pic.tile svg{width:72px}
.products{display:grid;grid-template-columns:1fr 1fr;gap:12px;margin:14px 0}
.product{display:flex;gap:16px;align-items:center;background:#fff;border:1px solid #e7e5dd;border-radius:14px;padding:8px}
.product p{margin:0;line-height:1.7}.product a{display:inline-block;width:100%;font-weight:600;text-decoration:none;font-size:16px}.product a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:14px;margin-bottom:22px}
.tile-link{background:#fff;border:1px solid #e7e5dd;border-radius:12px;text-decoration:none;color:inherit;font-weight:600;transition:box-shadow .15s}
.tile-link span{display:block;padding:9px 14px}.tile-link:hover{box-shadow:0 6px 18px #0000001f}
.filters{background:#fff;border:1px solid #e7e5dd;border-radius:12px;padding:10px 16px}.filters .check{margin:0 0 8px}
.big{font-size:26px;font-weight:700;margin:6px 0 2px}.review{padding:8px 0;border-bottom:1px solid #efeee8}.review p{margin:2px 0}
`,
};

function nav(path: string): NavItem[] {
  const items: [string, string][] = [
    ["Orders", "/orders"],
    ["Wishlist", "/wishlist"],
    ["Cart", "/cart"],
    ["Account", "/account"],
    ["Help", "/help"],
  ];
  return items.map(([label, href]) => ({ label, href, current: path.startsWith(href) }));
}

/** Answers with a page of the shop. */
export function show(
  c: StoreContext,
  title: string,
  content: Child,
  options: { status?: 200 | 404 | 422; narrow?: boolean; query?: string; error?: string | null } = {},
) {
  const session = c.get("session");
  const kept = takeFlash(session);
  const flash = options.error ? { kind: "error" as const, text: options.error } : kept;
  const account: NavItem[] = [
    session.user === null
      ? { label: "Sign in", href: "/login" }
      : { label: "Store admin", href: siblingUrl(c, "admin") },
  ];
  return c.html(
    <Page
      theme={THEME}
      title={title}
      nav={nav(c.req.path)}
      account={account}
      search={{ action: "/search", label: "Search products", value: options.query, suggest: "/suggest" }}
      flash={flash}
      narrow={options.narrow}
    >
      {content}
    </Page>,
    options.status ?? 200,
  );
}

export function notFound(c: StoreContext) {
  return show(
    c,
    "Page not found",
    <Empty text="There is no such page.">
      <ButtonLink href="/">Back to the shop</ButtonLink>
    </Empty>,
    { status: 404 },
  );
}

export const productPath = (product: { id: number }) => `/product/${product.id}`;

export function stars(rating: number): string {
  return rating === 1 ? "1 star" : `${rating} stars`;
}

export function ProductCards({ state, products }: { state: StoreState; products: Product[] }) {
  return (
    <div class="products">
      {products.map((product) => {
        const rating = ratingOf(state, product.id);
        return (
          <div class="product">
            <ProductPicture product={product} size="thumb" />
            <p>
              <a href={productPath(product)}>{product.name}</a>{" "}
              <span class="price">{money(product.price)}</span>{" "}
              <span class="muted">
                {product.stock === 0 ? "out of stock" : rating ? stars(rating.average) : "no reviews"}
              </span>
            </p>
          </div>
        );
      })}
    </div>
  );
}
