/** @file The newest order of WebArena's shop, by the REST API of Magento, as `shopping_get_latest_order_url` finds it. */

import { z } from "zod";
import { Fault } from "../../core/errors.ts";

/** The account that WebArena's image of the shop comes with (`ACCOUNTS["shopping_site_admin"]` in its code). */
const ADMIN = { username: "admin", password: "admin1234" };
const TIMEOUT_MS = 30_000;

const ordersSchema = z.looseObject({
  items: z.array(z.looseObject({ increment_id: z.string().regex(/^\d+$/) })).min(1),
});

/** Address of its page. Throws a `Fault` where the shop does not say. */
export async function latestOrderUrl(shoppingUrl: string): Promise<string> {
  const shop = shoppingUrl.replace(/\/+$/, "");
  try {
    const token = z.string().parse(
      await ask(`${shop}/rest/default/V1/integration/admin/token`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(ADMIN),
      }),
    );
    const newest = new URLSearchParams({
      "searchCriteria[sortOrders][0][field]": "created_at",
      "searchCriteria[sortOrders][0][direction]": "DESC",
      "searchCriteria[pageSize]": "1",
    });
    const { items } = ordersSchema.parse(
      await ask(`${shop}/rest/V1/orders?${newest}`, { headers: { authorization: `Bearer ${token}` } }),
    );
    return `${shop}/sales/order/view/order_id/${Number(items[0]!.increment_id)}/`;
  } catch (cause) {
    throw new Fault("site_down", `the shop does not say its newest order: ${(cause as Error).message}`, {
      retryable: true,
      cause,
    });
  }
}

async function ask(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answers ${response.status}`);
  return response.json();
}
