/** @file An application that gives away its user's password wherever it can. */

import { createServer } from "node:http";
import { APART, HALVES, PASSWORD, SPELLINGS, VARIABLE } from "./spellings.ts";

const given = process.env[VARIABLE];
if (given !== PASSWORD) throw new Error(`another password: ${given}`);
const all = [...SPELLINGS, ...APART];
console.error(`started with ${all.join(" ")}`);
if (process.env["LEAKY"] === "crash") {
  console.log(`listening nowhere ${all.join("\n")}`);
  process.exit(3);
}

const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const [first, second] = HALVES;

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<style>body{font:9px/11px sans-serif;margin:4px}p{margin:0}</style></head><body>${body}</body></html>`;

const everywhere = `${all.map((spelling) => `<p>${escape(spelling)}</p>`).join("")}
<a href="/?at=${encodeURIComponent(PASSWORD)}" title="${PASSWORD}">Again ${PASSWORD}</a>
<a href="http://${PASSWORD}.example.test/">Away</a> <a href="/file">Download</a> <a href="/missing" target=_blank>New tab</a>
<button onclick="alert('${PASSWORD}')">Alert</button><img alt="${PASSWORD}" width=20 height=9>
<input aria-label="Mine" value="${PASSWORD}"><input placeholder="${PASSWORD}"><textarea aria-label="T">${PASSWORD}</textarea>
<select aria-label="One"><option>${PASSWORD}<option>other</select><p>${PASSWORD.slice(0, 14)}…</p>`;

const split = `<p>${first}</p><p>-${second}</p><p><b>${first}</b>-<i>${second}</i></p>
<button>${first}</button><button>-${second}</button> ${first} <a href="/">-${second}</a>
<input aria-label="A" value="${first}"><input aria-label="B" value="-${second}">
<input aria-label="${first}"><input aria-label="${second}">
<select aria-label="S"><option>${first}<option>${second}</select><table><tr><td>${first}<td>${second}</table>`;

let [resets, asked] = [0, 0];
createServer((request, response) => {
  const { pathname } = new URL(request.url!, "http://leaky");
  const send = (status: number, body: string, headers: Record<string, string> = {}) =>
    response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
  const spelling = encodeURIComponent(all[asked++ % all.length]!);
  if (pathname === "/reset")
    return ++resets % 5 === 0
      ? send(302, "", { location: `/login?why=${spelling}&${PASSWORD}` })
      : send(204, "");
  if (pathname === "/login" && request.method === "POST")
    return send(303, "", { location: "/", "set-cookie": `session=${encodeURIComponent(PASSWORD)}` });
  if (pathname === "/login")
    return send(
      200,
      page(
        "Sign in",
        "<form method=post><label>Password <input type=password name=p></label><button>Go</button></form>",
      ),
    );
  if (pathname === "/hop") return send(302, "", { location: `/arrived/${PASSWORD}?of=${spelling}` });
  if (pathname === "/down") return send(302, "", { location: `/broken/${PASSWORD}?of=${spelling}` });
  if (pathname.startsWith("/broken/") && asked % 3 === 0) return send(503, page(PASSWORD, PASSWORD));
  if (pathname === "/file")
    return send(200, PASSWORD, {
      "content-type": "text/csv",
      "content-disposition": `attachment; filename="${PASSWORD}.csv"`,
      "x-password": PASSWORD,
    });
  if (pathname === "/split") return send(200, page("Split", split));
  return send(200, page(`You are ${PASSWORD}`, `<p>Hello Ann</p>${everywhere}`));
}).listen(Number(process.env["PORT"]), "127.0.0.1");
