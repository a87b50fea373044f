/**
 * @file What WebArena's evaluators request from the shop through Magento's REST API: the newest order, a product's
 * newest review.
 */

import { z } from "zod";
import { Fault } from "../../core/errors.ts";

export interface ShopAccess {
  /** Base URL of the shop. */
  url: string;
  /** An administrator: `admin` in WebArena's image, called `shopping_site_admin` in its code. */
  username: string;
  password: string;
}

export interface ShopApi {
  /** Address of the newest order's page. Like all of these, throws a `Fault` if the shop does not answer. */
  latestOrderUrl(): Promise<string>;
  /** A product's newest review; an empty text if it has none. */
  latestReviewAuthor(sku: string): Promise<string>;
  latestReviewRating(sku: string): Promise<string>;
}

const TIMEOUT_MS = 30_000;

const ordersSchema = z.looseObject({
  items: z.array(z.looseObject({ increment_id: z.string().regex(/^\d+$/) })).min(1),
});
const reviewsSchema = z.array(
  z.looseObject({
    nickname: z.string(),
    ratings: z.array(z.looseObject({ rating_name: z.string(), percent: z.number() })),
  }),
);

export function shopApi({ url, username, password }: ShopAccess): ShopApi {
  const shop = url.replace(/\/+$/, "");
  const ask = async (path: string): Promise<unknown> => {
    const token = z.string().parse(
      await request(`${shop}/rest/default/V1/integration/admin/token`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ username, password }),
      }),
    );
    return request(`${shop}/rest/V1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  };
  const orFault = async <T>(what: string, body: () => Promise<T>): Promise<T> => {
    try {
      return await body();
    } catch (cause) {
      throw new Fault("site_down", `the shop does not say ${what}: ${(cause as Error).message}`, {
        retryable: true,
        cause,
      });
    }
  };
  const newestReview = async (sku: string) =>
    orFault(`the reviews of ${sku}`, async () =>
      reviewsSchema.parse(await ask(`products/${encodeURIComponent(sku)}/reviews`)).at(-1),
    );
  return {
    latestOrderUrl: () =>
      orFault("its newest order", async () => {
        const newest = new URLSearchParams({
          "searchCriteria[sortOrders][0][field]": "created_at",
          "searchCriteria[sortOrders][0][direction]": "DESC",
          "searchCriteria[pageSize]": "1",
        });
        const { items } = ordersSchema.parse(await ask(`orders?${newest}`));
        return `${shop}/sales/order/view/order_id/${Number(items[0]!.increment_id)}/`;
      }),
    latestReviewAuthor: async (sku) => (await newestReview(sku))?.nickname ?? "",
    latestReviewRating: async (sku) => String((await newestReview(sku))?.ratings[0]?.percent ?? ""),
  };
}

async function request(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answers ${response.status}`);
  return response.json();
}
