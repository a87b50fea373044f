/** @file Tasks of shopping: cart, checkout, wish list, ordering again. */

import { click, exit, search, type } from "../hands.ts";
import { escape, read } from "../oracle-steps.ts";
import { addToCart, placeOrder, reorder } from "../store/orders.ts";
import {
  at,
  checkOut,
  clickInList,
  onSale,
  openProduct,
  ownOrders,
  findProduct,
} from "../store/oracle-steps.ts";
import { addToWishlist, removeFromWishlist } from "../store/products.ts";
import { customerOf, productOf } from "../store/queries.ts";
import { PAYMENTS, type Payment, type Shipping, type StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerNotPossible, expectChange, expectNoChange } from "../verify.ts";

const buyable = (state: StoreState) => onSale(state).filter((p) => p.stock >= 6);

const listWished = (state: StoreState) =>
  (state.wishlists[1] ?? []).map((id) => productOf(state, id)).filter((p) => p.enabled);

export const shoppingTemplates: TaskTemplate[] = [
  defineTemplate<{ product: string; quantity: number }>({
    id: "storefront.add-to-cart",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 5,
    phrasings: [
      "Add {quantity} {product} to the cart.",
      "Put {quantity} of the {product} into my cart.",
      "I need {quantity} {product}. Add them to the cart, but do not check out.",
      "Search for the {product} and place {quantity} in the cart.",
    ],
    instances: ({ store }) => buyable(store).map((p) => ({ product: p.name, quantity: 2 + (p.id % 4) })),
    check: ({ product, quantity }) => [
      expectChange(({ store }) => addToCart(store, 1, findProduct(store, product).id, quantity)),
    ],
    *oracle({ product, quantity }, o) {
      o = yield* openProduct(o, product);
      o = yield type(o, "Quantity", String(quantity));
      yield click(o, "button", "Add to cart");
      yield exit();
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.add-one",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 4,
    phrasings: [
      "Add the {product} to the cart.",
      "Put one {product} into my cart.",
      "I want to buy the {product} later. Add it to the cart.",
    ],
    instances: ({ store }) => buyable(store).map((p) => ({ product: p.name })),
    check: ({ product }) => [
      expectChange(({ store }) => addToCart(store, 1, findProduct(store, product).id, 1)),
    ],
    *oracle({ product }, o) {
      o = yield* openProduct(o, product);
      yield click(o, "button", "Add to cart");
      yield exit();
    },
  }),

  defineTemplate<{ first: string; second: string }>({
    id: "storefront.add-two",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      "Add the {first} and the {second} to the cart.",
      "Put one {first} and one {second} into my cart.",
      "I want the {first} and also the {second}. Add both to the cart.",
    ],
    instances: ({ store }) => {
      const products = buyable(store);
      return products
        .filter((_, i) => i % 2 === 0)
        .map((p, i) => ({ first: p.name, second: at(products, i * 2 + 83).name }));
    },
    // In any order.
    check: ({ first, second }) => [
      (finished) => {
        const tries = [
          [first, second],
          [second, first],
        ].map((names) =>
          expectChange(({ store }) => {
            for (const name of names) addToCart(store, 1, findProduct(store, name).id, 1);
          })(finished),
        );
        return tries.find((reasons) => reasons.length === 0) ?? tries[0]!;
      },
    ],
    *oracle({ first, second }, o) {
      for (const name of [first, second]) {
        o = yield* openProduct(o, name);
        o = yield click(o, "button", "Add to cart");
      }
      yield exit();
    },
  }),

  defineTemplate<{ product: string; shipping: string; payment: string; address: string }>({
    id: "storefront.buy",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 9,
    phrasings: [
      "Buy the {product} with {shipping} shipping, paid by {payment}, delivered to my {address} address.",
      "Order one {product} to my {address} address. Shipping: {shipping}. Payment: {payment}.",
      "Place an order for the {product}. Use {shipping} shipping, pay by {payment} and deliver to {address}.",
    ],
    words: ({ shipping, payment }) => ({ shipping: shipping.toLowerCase(), payment: payment.toLowerCase() }),
    instances: ({ store }) =>
      buyable(store).map((p) => ({
        product: p.name,
        shipping: at(["Standard", "Express"], p.id),
        payment: at(PAYMENTS, p.id),
        address: at(["Home", "Work", "Home", "Parents"], p.id),
      })),
    check: ({ product, shipping, payment, address }) => [
      expectChange(({ store }) => {
        addToCart(store, 1, findProduct(store, product).id, 1);
        placeOrder(store, 1, {
          address: customerOf(store, 1).addresses.find((a) => a.label === address)!,
          shipping: shipping as Shipping,
          payment: payment as Payment,
        });
      }),
    ],
    *oracle({ product, ...form }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "button", "Add to cart");
      yield* checkOut(o, form);
      yield exit();
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.wishlist-add",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 4,
    phrasings: [
      "Add the {product} to my wishlist.",
      "Put the {product} on the wishlist.",
      "I like the {product}. Remember it on my wishlist.",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => !store.wishlists[1]!.includes(p.id))
        .map((p) => ({ product: p.name })),
    check: ({ product }) => [
      expectChange(({ store }) => addToWishlist(store, 1, findProduct(store, product).id)),
    ],
    *oracle({ product }, o) {
      o = yield* openProduct(o, product);
      yield click(o, "button", "Add to wishlist");
      yield exit();
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.wishlist-remove",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      "Remove the {product} from my wishlist.",
      "Take the {product} off the wishlist.",
      "I no longer want the {product} on my wishlist.",
    ],
    instances: ({ store }) => listWished(store).map((p) => ({ product: p.name })),
    check: ({ product }) => [
      expectChange(({ store }) => removeFromWishlist(store, 1, findProduct(store, product).id)),
    ],
    *oracle({ product }, o) {
      o = yield click(o, "link", "Wishlist");
      yield click(o, "button", `Remove ${product}`);
      yield exit();
    },
  }),

  defineTemplate<{ product: string; keep: boolean }>({
    id: "storefront.wishlist-to-cart",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 4,
    phrasings: [
      "Add the {product} from my wishlist to the cart{rest}.",
      "Put the {product} of my wishlist into the cart{rest}.",
      "On the wishlist is the {product}. Add it to the cart{rest}.",
    ],
    words: ({ keep }) => ({ rest: keep ? "" : " and remove it from the wishlist" }),
    instances: ({ store }) =>
      listWished(store).flatMap((p) => [true, false].map((keep) => ({ product: p.name, keep }))),
    check: ({ product, keep }) => [
      expectChange(({ store }) => {
        const { id } = findProduct(store, product);
        addToCart(store, 1, id, 1);
        if (!keep) removeFromWishlist(store, 1, id);
      }),
    ],
    *oracle({ product, keep }, o) {
      o = yield click(o, "link", "Wishlist");
      o = yield click(o, "button", `Add ${product} to cart`);
      if (!keep) o = yield click(o, "button", `Remove ${product}`);
      yield exit();
    },
  }),

  defineTemplate<{ order: number }>({
    id: "storefront.order-again",
    sites: ["storefront"],
    category: "shopping",
    difficulty: 5,
    phrasings: [
      "Put the items of my order {order} into the cart again.",
      "Order {order} again, but only fill the cart.",
      "Add everything from my order {order} to the cart.",
    ],
    instances: ({ store }) =>
      ownOrders(store)
        .filter((o) =>
          o.lines.every((l) => {
            const product = productOf(store, l.productId);
            return product.enabled && product.stock >= l.quantity;
          }),
        )
        .map((o) => ({ order: o.id })),
    check: ({ order }) => [expectChange(({ store }) => reorder(store, 1, order))],
    *oracle({ order }, o) {
      o = yield click(o, "link", "Orders");
      o = yield* clickInList(o, `Order ${order}`);
      yield click(o, "button", "Order again");
      yield exit();
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.out-of-stock",
    sites: ["storefront"],
    category: "impossible",
    difficulty: 2,
    phrasings: [
      "Add the {product} to the cart.",
      "Put one {product} into my cart.",
      "I want to buy the {product} later. Add it to the cart.",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.stock === 0)
        .map((p) => ({ product: p.name })),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ product }, o) {
      o = yield search(o, "Search products", product);
      read(o, new RegExp(`\\[link ${escape(product)}\\].*(out of stock)`));
      yield exit("N/A");
    },
    wrongAnswer: () => "done",
  }),
];
