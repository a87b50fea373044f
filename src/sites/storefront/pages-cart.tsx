/** @file Cart, checkout and wish list. */

import type { Hono } from "hono";
import { addressLine, money, parseCount } from "../store/format.ts";
import { addToCart, cartOf, emptyCart, placeOrder, setCartQuantity } from "../store/orders.ts";
import { removeFromWishlist } from "../store/products.ts";
import { customerOf, linesTotal, productById, productOf } from "../store/queries.ts";
import type { Refusal } from "../store/refusal.ts";
import { attempt, flash, formOf, type StoreContext, type StoreEnv } from "../store/session.ts";
import { PAYMENTS, SHIPPING, type Payment, type Shipping, type StoreState } from "../store/state.ts";
import {
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
  Radios,
  Table,
} from "../ui.tsx";
import { productPage } from "./pages-catalog.tsx";
import { notFound, productPath, show } from "./context.tsx";

/** For customers only: `app.ts` sends others to the login. */
export function cartPages(app: Hono<StoreEnv>): void {
  app.get("/cart", (c) => cartPage(c, null));

  app.post("/cart/add", async (c) => {
    const field = await formOf(c);
    const user = c.get("session").user!;
    const product = productById(c.env.store, Number(field("product")));
    if (!product?.enabled) return notFound(c);
    const quantity = parseCount(field("quantity")) ?? 0;
    const refusal = attempt(() => addToCart(c.env.store, user, product.id, quantity));
    if (refusal) return productPage(c, product, refusal.message);
    flash(c.get("session"), `${quantity} ${product.name} added to the cart.`);
    return c.redirect(field("back") === "wishlist" ? "/wishlist" : productPath(product));
  });

  app.post("/cart/update", async (c) => {
    const field = await formOf(c);
    const user = c.get("session").user!;
    const wanted = cartOf(c.env.store, user).map((line) => ({
      id: line.productId,
      quantity: parseCount(field(`quantity-${line.productId}`)),
    }));
    const refusal = wanted.some((w) => w.quantity === null)
      ? "Quantities are whole numbers."
      : attempt(() => {
          for (const { id, quantity } of wanted) setCartQuantity(c.env.store, user, id, quantity!);
        })?.message;
    if (refusal) return cartPage(c, refusal);
    flash(c.get("session"), "The cart is updated.");
    return c.redirect("/cart");
  });

  app.post("/cart/remove/:id", (c) => {
    const user = c.get("session").user!;
    const refusal = attempt(() => setCartQuantity(c.env.store, user, Number(c.req.param("id")), 0));
    if (refusal) return cartPage(c, refusal.message);
    flash(c.get("session"), "The item is removed.");
    return c.redirect("/cart");
  });

  app.post("/cart/empty", (c) => {
    emptyCart(c.env.store, c.get("session").user!);
    flash(c.get("session"), "The cart is empty now.");
    return c.redirect("/cart");
  });

  app.get("/checkout", (c) => checkoutPage(c, {}, null));

  app.post("/checkout", async (c) => {
    const field = await formOf(c);
    const state = c.env.store;
    const user = c.get("session").user!;
    const form = { address: field("address"), shipping: field("shipping"), payment: field("payment") };
    const addresses = customerOf(state, user).addresses;
    const address = addresses.find((a) => String(a.id) === form.address) ?? addresses[0]!;
    let id = 0;
    const refusal = attempt(() => {
      const shipping = form.shipping as Shipping;
      id = placeOrder(state, user, { address, shipping, payment: form.payment as Payment }).id;
    });
    if (refusal) return checkoutPage(c, form, refusal);
    flash(c.get("session"), `Thank you. Order ${id} is placed.`);
    return c.redirect(`/orders/${id}`);
  });

  app.get("/wishlist", (c) => wishlistPage(c));

  app.post("/wishlist/remove/:id", (c) => {
    removeFromWishlist(c.env.store, c.get("session").user!, Number(c.req.param("id")));
    flash(c.get("session"), "The item is removed.");
    return c.redirect("/wishlist");
  });
}

function cartLines(state: StoreState, user: number) {
  return (state.carts[user] ?? []).map((line) => {
    const product = productOf(state, line.productId);
    return { product, quantity: line.quantity, price: product.price };
  });
}

function cartPage(c: StoreContext, error: string | null) {
  const lines = cartLines(c.env.store, c.get("session").user!);
  return show(
    c,
    "Cart",
    <>
      <Heading title="Your cart">
        {lines.length > 0 && (
          <>
            <Modal id="empty" open="Empty cart" kind="danger" title="Remove all items?" cancel="Keep items">
              <PostButton action="/cart/empty" label="Remove all items" kind="danger" />
            </Modal>
            <ButtonLink href="/checkout" primary>
              Checkout
            </ButtonLink>
          </>
        )}
      </Heading>
      {lines.length === 0 ? (
        <Empty text="Your cart is empty." />
      ) : (
        <>
          <Table
            head={["Product", "Price", "Quantity", "Total", ""]}
            numeric={[1, 3]}
            rows={lines.map(({ product, quantity, price }) => [
              <a href={productPath(product)}>{product.name}</a>,
              money(price),
              <input
                form="cart"
                name={`quantity-${product.id}`}
                aria-label={`Quantity of ${product.name}`}
                value={String(quantity)}
                size={4}
                autocomplete="off"
              />,
              money(price * quantity),
              <PostButton
                action={`/cart/remove/${product.id}`}
                label={`Remove ${product.name}`}
                text="Remove"
              />,
            ])}
          />
          <form id="cart" class="row" method="post" action="/cart/update">
            <Button kind="plain">Update cart</Button>
            <span>
              Subtotal <b class="price">{money(linesTotal(lines))}</b>
            </span>
          </form>
        </>
      )}
    </>,
    { error, ...(error ? { status: 422 as const } : {}) },
  );
}

function checkoutPage(
  c: StoreContext,
  form: { address?: string; shipping?: string; payment?: string },
  refusal: Refusal | null,
) {
  const user = c.get("session").user!;
  const lines = cartLines(c.env.store, user);
  if (lines.length === 0) return c.redirect("/cart");
  const customer = customerOf(c.env.store, user);
  const error = (name: string) => (refusal?.field === name ? refusal.message : undefined);
  return show(
    c,
    "Checkout",
    <>
      <Heading title="Checkout" />
      <div class="cols side">
        <Card>
          <form method="post">
            <Field
              label="Deliver to"
              name="address"
              type="select"
              value={form.address}
              options={customer.addresses.map(
                (a) => [String(a.id), `${a.label}: ${addressLine(a)}`] as const,
              )}
            />
            <Radios
              legend={`Shipping: standard ${money(SHIPPING.Standard)}, express ${money(SHIPPING.Express)}`}
              name="shipping"
              value={form.shipping}
              options={Object.keys(SHIPPING).map((name) => [name, `${name} shipping`] as const)}
              error={error("shipping")}
            />
            <Field
              label="Payment"
              name="payment"
              type="select"
              value={form.payment}
              options={[["", "Choose"], ...PAYMENTS.map((p) => [p, p] as const)]}
              error={error("payment")}
            />
            <Button>Place order</Button>
          </form>
        </Card>
        <Card title="Items">
          {lines.map((l) => (
            <p>
              {l.quantity} {l.product.name}, {money(l.price * l.quantity)}
            </p>
          ))}
          <p>
            Subtotal <b class="price">{money(linesTotal(lines))}</b>
          </p>
        </Card>
      </div>
    </>,
    {
      error: refusal && refusal.field === null ? refusal.message : null,
      ...(refusal ? { status: 422 as const } : {}),
    },
  );
}

function wishlistPage(c: StoreContext) {
  const state = c.env.store;
  const ids = state.wishlists[c.get("session").user!] ?? [];
  const shown = paginate(ids, Number(c.req.query("page")), 8);
  return show(
    c,
    "Wishlist",
    <>
      <Heading title="Your wishlist" />
      {ids.length === 0 ? (
        <Empty text="Your wishlist is empty." />
      ) : (
        <Table
          head={["Product", "Price", "", ""]}
          rows={shown.items.map((id) => {
            const product = productOf(state, id);
            return [
              <a href={productPath(product)}>{product.name}</a>,
              money(product.price),
              <PostButton
                action="/cart/add"
                label={`Add ${product.name} to cart`}
                text="Add to cart"
                fields={{ product: String(id), quantity: "1", back: "wishlist" }}
              />,
              <PostButton action={`/wishlist/remove/${id}`} label={`Remove ${product.name}`} text="Remove" />,
            ];
          })}
        />
      )}
      <Pagination {...shown} href={(page) => `/wishlist?page=${page}`} />
    </>,
  );
}
