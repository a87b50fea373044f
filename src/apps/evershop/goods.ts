/** @file What the keeper changes in the shop's goods. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import type { Observation } from "../../core/observation.ts";
import { clickOn, fillIn } from "../reading.ts";
import { productCalled, PRODUCTS } from "./content.ts";
import type { Product } from "./content.ts";
import { editProduct, saveForm } from "./admin.ts";
import { shop } from "./state.ts";
import type { ProductState, Shop } from "./state.ts";

/** One field of a product's form, set to another value. */
function setProduct<V extends string | number>(
  id: string,
  phrasings: string[],
  {
    values,
    write,
    change,
    difficulty = 6,
  }: {
    values: (product: Product, index: number) => readonly V[];
    write: (page: Observation, value: V) => Stretch;
    change: (product: ProductState, value: V, shop: Shop) => void;
    difficulty?: number;
  },
): SiteTemplate {
  return defineTemplate<{ name: string; value: V }>({
    id,
    phrasings,
    instances: PRODUCTS.flatMap((product, index) =>
      values(product, index).map((value) => ({ name: product.name, value })),
    ),
    user: "keeper",
    startPath: () => "/admin",
    difficulty,
    category: "shop operations",
    check: ({ name, value }) => [
      shop.becomes((state) => change(state.products[productCalled(name).sku]!, value, state)),
    ],
    *oracle({ name, value }, first) {
      const page = yield* write(yield* editProduct(first, name), value);
      yield* saveForm(page);
      yield exit();
    },
  });
}

export const goods: SiteTemplate[] = [
  setProduct<string>(
    "set-price",
    [
      "Set the price of the {name} to {value} dollars.",
      "From today the {name} costs {value} dollars. Change its price.",
      "The {name} has the wrong price. Make it {value} dollars.",
    ],
    {
      values: ({ price }) => [1.5, 4].map((more) => (price + more).toFixed(2)),
      write: (page, value) => fillIn(page, /^Price/, value),
      change: (product, value) => (product.price = Number(value)),
    },
  ),
  setProduct<number>(
    "set-count",
    [
      "We counted the {name}: there are {value} of it. Correct the quantity in stock.",
      "Set the stock of the {name} to {value} pieces.",
      "A delivery came. The shop has {value} of the {name} now, so change its quantity.",
    ],
    {
      values: ({ count }) => [count + 12, count + 35],
      write: (page, value) => fillIn(page, /^Quantity/, String(value)),
      change: (product, value) => (product.count = value),
    },
  ),
  setProduct<string>(
    "rename-product",
    [
      'Rename the {name}. It is called "{value}" now; its URL key stays.',
      'The {name} needs a new name: "{value}". Leave the rest as it is.',
      'Change the product name of the {name} to "{value}", and nothing else.',
    ],
    {
      values: ({ name }) => [`Old ${name}`, `${name} Mark Two`],
      write: (page, value) => fillIn(page, /^Product Name/, value),
      change: (product, value, { collections }) => {
        // They list their goods by name.
        for (const collection of Object.values(collections))
          collection.goods = collection.goods.map((each) => (each === product.name ? value : each)).sort();
        product.name = value;
      },
    },
  ),
  setProduct<string>(
    "hide-product",
    [
      "Take the {name} out of the shop for now: disable it.",
      "Nobody shall see or buy the {name} any more. Set its status to disabled, without deleting it.",
      "Disable the product {name}.",
    ],
    {
      values: () => ["Disabled"],
      write: (page, value) => clickOn(page, "radio", value),
      change: (product) => (product.enabled = false),
    },
  ),
  setProduct<string>(
    "sold-out",
    [
      "The {name} is sold out. Set its stock availability to out of stock, and leave the quantity.",
      "Mark the {name} as out of stock, without changing its quantity.",
      "Let the shop say that the {name} is out of stock. The counted quantity stays.",
    ],
    {
      values: () => ["Out of Stock"],
      write: (page, value) => clickOn(page, "radio", value),
      change: (product) => (product.inStock = false),
    },
  ),
];
