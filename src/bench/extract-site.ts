/**
 * @file A shop of 1,000 lamps on 50 pages, the layout of which changes every five pages, for measuring extraction:
 * tables, cards, definition lists, nested grids, markup without a class. Every row is known, so that what was read can
 * be checked field by field.
 */

import { createRng } from "../core/rng.ts";
import type { Rng } from "../core/rng.ts";

export interface Lamp {
  name: string;
  price: number;
  /** Stars, in halves. */
  stars: number | null;
  reviews: number;
  released: string | null;
  url: string;
  maker: string | null;
  inStock: boolean;
}

export interface VariedSite {
  fetch(request: Request): Response;
  /** By page, what the page says about each lamp. */
  pages: Lamp[][];
  /** The layout of a page, counted from 0. */
  layoutOf(page: number): string;
  /** How often each path was asked for. */
  readonly asked: Map<string, number>;
}

export const EXTRACT_HOST = "lamps.test";
const FIRST =
  "Alder Birch Cedar Dune Ember Fjord Grove Harbor Iris Juniper Kestrel Larch Meadow Nimbus Opal Pine".split(
    " ",
  );
const KINDS = "Desk Floor Wall Reading Garden Night Street Piano".split(" ");
const MAKERS = "Holm & Co|Brightwell|Osram Nord|Casa Lume|O'Neill Lighting|Kōbō".split("|");
const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);

const escape = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

function makeLamp(rng: Rng, index: number): Lamp {
  const between = (from: number, to: number) => from + rng.int(to - from + 1);
  const cents = between(900, 250_000);
  const day = between(1, 28);
  const month = between(1, 12);
  return {
    name: `${rng.pick(FIRST)} ${rng.pick(KINDS)} Lamp ${String(index).padStart(4, "0")}`,
    price: cents / 100,
    stars: rng.next() < 0.15 ? null : between(2, 10) / 2,
    reviews: between(0, 12_000),
    released:
      rng.next() < 0.2
        ? null
        : `${2010 + between(0, 14)}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`,
    url: `http://${EXTRACT_HOST}/lamp/${index}`,
    maker: rng.next() < 0.25 ? null : rng.pick(MAKERS),
    inStock: rng.next() < 0.7,
  };
}

/** How it writes numbers and dates. */
const us = (value: number, digits = 2) =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const german = (value: number) =>
  value.toLocaleString("de-DE", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const parts = (date: string) => date.split("-").map(Number) as [number, number, number];
const long = (date: string) => `${MONTHS[parts(date)[1] - 1]!} ${parts(date)[2]}, ${parts(date)[0]}`;
const british = (date: string) => date.split("-").reverse().join("/");
const dotted = (date: string) => `${parts(date)[2]}.${parts(date)[1]}.${parts(date)[0]}`;
const link = (lamp: Lamp) => new URL(lamp.url).pathname;
const maybe = (value: unknown, html: string) => (value === null ? "" : html);

interface LayoutOfSite {
  name: string;
  /** The fields that it leaves out. */
  without?: readonly (keyof Lamp)[];
  print(lamps: readonly Lamp[]): string;
}

const AD = `<div class="card sponsored"><h3><a href="/ad/7">Visit Lumoville this summer</a></h3><p class="blurb">Advertisement</p></div>`;

const LAYOUTS: LayoutOfSite[] = [
  {
    name: "cards with advertisements",
    print: (lamps) =>
      `<div class="grid">${lamps
        .map(
          (lamp, index) =>
            `${index % 7 === 3 ? AD : ""}<div class="card${index === 0 ? " featured" : ""}"><h3 class="title"><a href="${link(lamp)}">${lamp.name}</a></h3>${maybe(lamp.maker, `<p class="maker">by ${escape(lamp.maker ?? "")}</p>`)}<p class="price">$${us(lamp.price)}</p>${maybe(lamp.stars, `<span class="rating" aria-label="Rated ${lamp.stars} out of 5"></span>`)} <span class="count">(${us(lamp.reviews, 0)} reviews)</span>${maybe(lamp.released, `<time datetime="${lamp.released}">${lamp.released && long(lamp.released)}</time>`)}<p class="stock">${lamp.inStock ? "In stock" : "Sold out"}</p></div>`,
        )
        .join("")}</div>`,
  },
  {
    name: "table with headers",
    print: (lamps) =>
      `<table><thead><tr><th>Lamp</th><th>Maker</th><th>Price</th><th>Rating</th><th>Reviews</th><th>Released</th><th>Available</th></tr></thead><tbody>${lamps
        .map(
          (lamp, index) =>
            `${index === 10 ? `<tr><td colspan="7">Free delivery above $50</td></tr>` : ""}<tr><td><a href="${link(lamp)}">${lamp.name}</a></td><td>${escape(lamp.maker ?? "–")}</td><td>${us(lamp.price)} USD</td><td>${lamp.stars === null ? "" : `${lamp.stars} / 5`}</td><td>${us(lamp.reviews, 0)}</td><td>${lamp.released === null ? "" : lamp.released}</td><td>${lamp.inStock ? "yes" : "no"}</td></tr>`,
        )
        .join("")}</tbody></table>`.replaceAll("<td>–</td>", "<td></td>"),
  },
  {
    name: "definition list per item",
    print: (lamps) =>
      `<ul class="results">${lamps
        .map(
          (lamp) =>
            `<li><a class="name" href="${link(lamp)}">${lamp.name}</a><dl><dt>Price</dt><dd>${german(lamp.price)} €</dd>${maybe(lamp.maker, `<dt>Made by</dt><dd>${escape(lamp.maker ?? "")}</dd>`)}${maybe(lamp.stars, `<dt>Stars</dt><dd>${lamp.stars}</dd>`)}<dt>Reviews</dt><dd>${lamp.reviews.toLocaleString("de-DE")}</dd>${maybe(lamp.released, `<dt>Since</dt><dd>${lamp.released && dotted(lamp.released)}</dd>`)}<dt>In stock</dt><dd>${lamp.inStock ? "✓" : "✗"}</dd></dl></li>`,
        )
        .join("")}</ul>`,
  },
  {
    name: "one definition list for all",
    without: ["stars"],
    print: (lamps) =>
      `<dl>${lamps
        .map(
          (lamp) =>
            `<dt>Name</dt><dd><a href="${link(lamp)}">${lamp.name}</a></dd>${maybe(lamp.maker, `<dt>Maker</dt><dd>${escape(lamp.maker ?? "")}</dd>`)}<dt>Price</dt><dd>£${us(lamp.price)}</dd><dt>Reviews</dt><dd>${us(lamp.reviews, 0)}</dd>${maybe(lamp.released, `<dt>Released</dt><dd>${lamp.released && british(lamp.released)}</dd>`)}<dt>Availability</dt><dd>${lamp.inStock ? "in stock" : "out of stock"}</dd>`,
        )
        .join("")}</dl>`,
  },
  {
    name: "grid in rows, two kinds of records",
    print: (lamps) => {
      const rows: string[] = [];
      for (let i = 0; i < lamps.length; i += 4)
        rows.push(
          `<div class="row">${lamps
            .slice(i, i + 4)
            .map(
              (lamp) =>
                `<article class="col product"><img src="/img/x.png" alt="${lamp.name}"><h4><a href="${link(lamp)}" title="${lamp.name}">${lamp.name}</a></h4><div class="meta"><span class="brand">${escape(lamp.maker ?? "")}</span><span class="cost">USD ${us(lamp.price)}</span></div><div class="stars stars-${lamp.stars === null ? "none" : String(lamp.stars).replace(".", "-")}"></div><a class="n" href="${link(lamp)}#reviews">${lamp.reviews} reviews</a>${maybe(lamp.released, `<small>Released on ${lamp.released && long(lamp.released)}</small>`)}${lamp.inStock ? `<span class="badge available">Available</span>` : ""}</article>`,
            )
            .join("")}</div>`,
        );
      return `<section>${rows.join("")}</section><section><h2>What people say</h2><ul class="voices">${lamps
        .slice(0, 6)
        .map(
          (lamp) =>
            `<li class="voice"><b>Ann</b> on <a href="${link(lamp)}">${lamp.name}</a>: <q>It shines, and it does so every night of the year.</q></li>`,
        )
        .join("")}</ul></section>`;
    },
    without: ["stars"],
  },
  {
    name: "no classes, labels in the text",
    print: (lamps) =>
      `<main>${lamps
        .map(
          (lamp) =>
            `<div><h2><a href="${link(lamp)}">${lamp.name}</a></h2>${maybe(lamp.maker, `<p><b>Maker:</b> ${escape(lamp.maker ?? "")}</p>`)}<p><b>Price:</b> $${us(lamp.price)}</p>${maybe(lamp.stars, `<p><b>Rating:</b> ${lamp.stars} of 5</p>`)}<p><b>Reviews:</b> ${us(lamp.reviews, 0)}</p>${maybe(lamp.released, `<p><b>Released:</b> ${lamp.released && long(lamp.released)}</p>`)}<p><b>Stock:</b> ${lamp.inStock ? "yes" : "no"}</p></div>`,
        )
        .join("")}</main>`,
  },
  {
    name: "values in attributes",
    print: (lamps) =>
      `<div>${lamps
        .map(
          (lamp) =>
            `<div class="css-1x9ab" data-price="${lamp.price}" data-id="${lamp.url.split("/").at(-1)!}"><a class="css-77f" href="${link(lamp)}">${lamp.name}</a><i class="css-k2" role="img" aria-label="${lamp.stars === null ? "not rated" : `${lamp.stars} stars`}"></i><em class="css-rv" title="${lamp.reviews} reviews">★</em>${maybe(lamp.maker, `<span class="css-mk">${escape(lamp.maker ?? "")}</span>`)}${maybe(lamp.released, `<time class="css-t" datetime="${lamp.released}">a while ago</time>`)}${lamp.inStock ? "" : `<span class="css-so">sold out</span>`}</div>`,
        )
        .join("")}</div>`,
  },
  {
    name: "headings and what follows them",
    print: (lamps) =>
      `<div class="list">${lamps
        .map(
          (lamp) =>
            `<h3><a href="${link(lamp)}">${lamp.name}</a></h3><p class="facts">Price: $${us(lamp.price)} · Reviews: ${us(lamp.reviews, 0)}</p>${maybe(lamp.maker, `<p class="maker">Made by ${escape(lamp.maker ?? "")}</p>`)}${maybe(lamp.stars, `<p class="stars">${"★".repeat(Math.floor(lamp.stars ?? 0))}${(lamp.stars ?? 0) % 1 ? "½" : ""}${"☆".repeat(5 - Math.ceil(lamp.stars ?? 0))}</p>`)}${maybe(lamp.released, `<p class="date">${lamp.released && british(lamp.released)}</p>`)}<p class="stock">${lamp.inStock ? "Available" : "Unavailable"}</p>`,
        )
        .join("")}</div>`,
  },
  {
    name: "two table rows an item",
    print: (lamps) =>
      `<table class="stock">${lamps
        .map(
          (lamp) =>
            `<tr class="main"><td class="n"><a href="${link(lamp)}">${lamp.name}</a></td><td class="p">$${us(lamp.price)}</td></tr><tr class="more"><td class="m">${escape(lamp.maker ?? "")}</td><td><span class="r">${lamp.stars ?? ""}</span> <span class="c">${us(lamp.reviews, 0)} reviews</span> <span class="d">${lamp.released ?? ""}</span> <span class="s">${lamp.inStock ? "in stock" : "sold out"}</span></td></tr>`,
        )
        .join("")}</table>`,
  },
  {
    name: "nested lists by group",
    print: (lamps) =>
      ["Cheap", "Dear"]
        .map(
          (title, half) =>
            `<section class="group"><h2>${title}</h2><ol>${lamps
              .slice(half * 10, half * 10 + 10)
              .map(
                (lamp) =>
                  `<li class="item"><div class="head"><div class="inner"><a class="t" href="${link(lamp)}"><span>${lamp.name}</span></a></div></div><div class="body"><div class="l"><span class="label">Price</span><span class="v">$${us(lamp.price)}</span></div>${maybe(lamp.maker, `<div class="l"><span class="label">Maker</span><span class="v">${escape(lamp.maker ?? "")}</span></div>`)}${maybe(lamp.stars, `<div class="l"><span class="label">Stars</span><span class="bar"><span class="fill" style="width: ${(lamp.stars ?? 0) * 20}%"></span></span></div>`)}<div class="l"><span class="label">Reviews</span><span class="v">${us(lamp.reviews, 0)}</span></div>${maybe(lamp.released, `<div class="l"><span class="label">Released</span><span class="v">${lamp.released ?? ""}</span></div>`)}<div class="l"><span class="label">Stock</span><span class="v">${lamp.inStock ? "yes" : "no"}</span></div></div></li>`,
              )
              .join("")}</ol></section>`,
        )
        .join(""),
  },
];

/** `pages`: 20 lamps each; `perLayout`: pages in a row that look alike. */
export function variedSite(seed = 7, pages = 50, perLayout = 5): VariedSite {
  const rng = createRng(seed);
  const lamps = Array.from({ length: pages }, (_, page) =>
    Array.from({ length: 20 }, (__, i) => makeLamp(rng, page * 20 + i)),
  );
  const layoutAt = (page: number) => LAYOUTS[Math.floor(page / perLayout) % LAYOUTS.length]!;
  const asked = new Map<string, number>();
  return {
    pages: lamps.map((list, page) =>
      list.map((lamp) => ({
        ...lamp,
        ...Object.fromEntries((layoutAt(page).without ?? []).map((name) => [name, null])),
      })),
    ),
    layoutOf: (page) => layoutAt(page).name,
    asked,
    fetch: (request) => {
      const { pathname, searchParams } = new URL(request.url);
      asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
      if (pathname !== "/") return new Response("not found", { status: 404 });
      const page = Number(searchParams.get("page") ?? 1) - 1;
      const list = lamps[page];
      if (!list) return new Response("no such page", { status: 404 });
      const nav = `<header><nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li><li><a href="/help">Help</a></li></ul></nav></header>`;
      const pager = `<nav class="pagination">${page > 0 ? `<a href="/?page=${page}">Previous</a>` : ""}<span>${page + 1}</span>${page + 1 < pages ? `<a href="/?page=${page + 2}">Next</a>` : ""}</nav>`;
      const html = `<!doctype html><html lang="en"><title>Lamps</title><body>${nav}<h1>Lamps</h1>${layoutAt(page).print(list)}${pager}<footer><p>Terms and conditions</p><p>Imprint</p></footer></body></html>`;
      return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
    },
  };
}
