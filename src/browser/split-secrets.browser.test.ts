import { afterAll, expect, it } from "vitest";
import { keepSecret } from "../text/secrets.ts";
import { BrowserPool } from "./pool.ts";
import { open } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const [A, B] = ["Tr0ubad0ur", "Zw9kLmqX77"];
keepSecret(A + B, "the test");

/** Ways to show a secret in two pieces. */
const PAGE = [
  `<div>${A}</div><div>${B}</div>`,
  `<p><span>${A}</span><span>${B}</span></p>`,
  `<table><tr><td>${A}</td><td>${B}</td></tr></table>`,
  `<table><tr><td>${A}</td><td>x</td></tr><tr><td>${B}</td></tr></table>`,
  `<a href=# title="${A}">${B}</a>`,
  `<p>${A}<a href=# title="${B}">go</a></p>`,
  `<p>${A}<button>go</button>${B}</p>`,
  `<button>${A}</button><button>${B}</button>`,
  `<a href=#>${A}</a> <a href=#>${B}</a>`,
  `<input aria-label=a value="${A}"><input aria-label=b value="${B}">`,
  `<label>${A}<input value="${B}"></label>`,
  `<input aria-label="${A}" value="${B}">`,
  `<input placeholder="${A}" value="${B}">`,
  `<select aria-label=s><option>${A}<option>${B}</select>`,
  `<img alt="${A}" width=20 height=20>${B}`,
  `<img alt="${A}" width=20 height=20><img alt="${B}" width=20 height=20>`,
  `<ul><li>${A}<li>${B}</ul>`,
  `<h1>${A}</h1><p>${B}</p>`,
  `<button aria-label="${A}">x</button><button aria-label="${B}">y</button>`,
  `<div style="display:flex;flex-direction:column-reverse"><p>${B}</p><p>${A}</p></div>`,
  `<div>${A} one</div><div>two</div><div>${B}</div>`,
  `<p>${A}<b> and </b>${B}</p>`,
  `<input type=checkbox aria-label="${A}"><input type=checkbox aria-label="${B}">`,
  `<textarea aria-label="${A}">${B}</textarea>`,
  `<input aria-label=n aria-describedby=d value="${A}"><p id=d>${B}</p>`,
  `<p>${Array.from(A + B)
    .map((c) => `<span>${c}</span>`)
    .join("")}</p>`,
  `<table><tr>${Array.from(A + B)
    .map((c) => `<td>${c}</td>`)
    .join("")}</tr></table>`,
  `<button>Tr0uba</button><button>d0urZw9k</button><button>LmqX77</button>`,
  `<div role=tab tabindex=0>${A}</div><div role=tab tabindex=0>${B}</div>`,
  `${A}<a href="/x">${B}</a>`,
  `<a href="/${A}">${B}</a>`,
].join("<p>something else</p>");

it.each(["compact", "webrl", "aria"] as const)("no half of a split secret is in %s", async (format) => {
  await using page = await open(pool, `<div style="zoom: 0.3">${PAGE}</div>`, { format });
  const { text } = page.first;
  expect(text).toContain("something else");
  expect(text.split("[redacted: secret]").length).toBeGreaterThan(20);
  for (const half of [A, B, (A + B).slice(5, 15)]) expect(text).not.toContain(half);
});
