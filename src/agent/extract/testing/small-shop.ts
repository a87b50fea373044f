/** @file A shop of a few lamps whose list continues in the way that a test wants. */

import { html } from "../../../browser/test-support.ts";
import type { HostFetch } from "../../../browser/world.ts";

export interface SmallLamp extends Record<string, unknown> {
  name: string;
  price: number;
}

export const lamps = (count: number, from = 0): SmallLamp[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `Lamp ${String(from + index).padStart(3, "0")}`,
    price: 10 + from + index + 0.5,
  }));

export const list = (some: readonly SmallLamp[]): string =>
  `<h1>Lamps</h1><ul class="lamps">${some.map(card).join("")}</ul>`;

export const card = ({ name, price }: SmallLamp): string =>
  `<li class="lamp"><a class="name" href="/lamp/${name.slice(-3)}">${name}</a> <b class="price">$${price.toFixed(2)}</b></li>`;

/** Pages of `/`, ten lamps each; `more` writes what leads to the next one. */
export function pagedShop(
  all: readonly SmallLamp[],
  more: (page: number, pages: number) => string,
): HostFetch {
  const pages = Math.ceil(all.length / 10);
  return (request) => {
    const url = new URL(request.url);
    if (url.pathname !== "/") return html("<h1>Somewhere else</h1>");
    const page = Number(url.searchParams.get("page") ?? 1);
    if (page > pages) return html("<h1>Lamps</h1><p>There is nothing here.</p>", { status: 404 });
    return html(list(all.slice((page - 1) * 10, page * 10)) + more(page, pages));
  };
}
