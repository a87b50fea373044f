/** @file A small ticket desk: stands for your own application. Plain Node, data in memory, session in a cookie. */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const SEED = JSON.parse(readFileSync(new URL("tickets.json", import.meta.url), "utf8"));

let tickets = structuredClone(SEED);
const sessions = new Set();

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (
  title,
  body,
) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:760px;margin:32px auto;padding:0 20px}td,th{padding:6px 14px 6px 0;text-align:left}</style>
</head><body><nav><a href="/">Tickets</a></nav><h1>${title}</h1>${body}</body></html>`;

async function form(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://desk");
  const send = (status, body, headers = {}) =>
    response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
  const redirect = (location, headers = {}) => send(303, "", { location, ...headers });

  if (url.pathname === "/reset" && request.method === "POST") {
    tickets = structuredClone(SEED);
    return send(204, "");
  }
  if (url.pathname === "/api/tickets")
    return send(200, JSON.stringify(tickets), { "content-type": "application/json" });

  if (url.pathname === "/login") {
    if (request.method === "POST") {
      const fields = await form(request);
      if (fields.get("user") === "ann" && fields.get("password") === "desk-4711") {
        const id = `s${sessions.size + 1}`;
        sessions.add(id);
        return redirect("/", { "set-cookie": `session=${id}; Path=/; HttpOnly` });
      }
      return send(422, page("Sign in", "<p>User name or password is wrong.</p>"));
    }
    return send(
      200,
      page(
        "Sign in",
        `<form method="post"><p><label>User name <input name="user"></label></p>
<p><label>Password <input name="password" type="password"></label></p><button>Sign in</button></form>`,
      ),
    );
  }
  const session = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (!session || !sessions.has(session)) return redirect("/login");

  const ticket = tickets.find(({ id }) => url.pathname.startsWith(`/tickets/${id}`));
  if (ticket && request.method === "POST") {
    ticket.note = (await form(request)).get("note") ?? "";
    ticket.status = "Closed";
    return redirect(`/tickets/${ticket.id}`);
  }
  if (ticket)
    return send(
      200,
      page(
        escape(ticket.title),
        `<table><tr><th>Number</th><td>${ticket.id}</td></tr><tr><th>Requester</th><td>${escape(ticket.requester)}</td></tr>
<tr><th>Priority</th><td>${ticket.priority}</td></tr><tr><th>Status</th><td>${ticket.status}</td></tr><tr><th>Note</th><td>${escape(ticket.note)}</td></tr></table>
${ticket.status === "Open" ? '<form method="post"><p><label>Note <input name="note"></label></p><button>Close ticket</button></form>' : ""}`,
      ),
    );
  if (url.pathname !== "/") return send(404, page("Not found", ""));
  const rows = tickets.map(
    (t) =>
      `<tr><td><a href="/tickets/${t.id}">${escape(t.title)}</a></td><td>${t.priority}</td><td>${t.status}</td></tr>`,
  );
  return send(
    200,
    page(
      "Tickets",
      `<p>Signed in as Ann</p><table><tr><th>Ticket</th><th>Priority</th><th>Status</th></tr>${rows.join("")}</table>`,
    ),
  );
});

server.listen(Number(process.env.PORT), "127.0.0.1");
