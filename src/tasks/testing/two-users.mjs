/**
 * @file A tiny application with users, for tests: a form whose fields have a label, a placeholder and a name, and `/me` with
 * the user of the cookie and with what the process was started with. Writes its number into `pid-PORT`.
 */

import { createServer } from "node:http";
import { writeFileSync } from "node:fs";

const { PORT, COPY } = process.env;
const page = (text) => `<!doctype html><html lang=en><title>Two users</title><body>${text}`;
const FORM = `<form method=post action=/in><label>User name <input name=u></label>
<input type=password name=p placeholder="Pass phrase"><input name=desk><button>Sign in</button></form>`;

createServer((request, response) => {
  const user = /user=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? null;
  if (request.url === "/me") return response.end(JSON.stringify({ user, copy: Number(COPY) }));
  if (request.url === "/in") {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const fields = new URLSearchParams(body);
      const right = fields.get("p") === "open sesame" && fields.get("desk") === "7";
      response.writeHead(303, {
        location: "/",
        ...(right && { "set-cookie": `user=${fields.get("u")}; Path=/; HttpOnly` }),
      });
      response.end();
    });
    return undefined;
  }
  response.setHeader("content-type", "text/html");
  return response.end(page(user === null ? FORM : `<p>Signed in as ${user}</p><a href=/out>Sign out</a>`));
}).listen(Number(PORT), "127.0.0.1");
writeFileSync(`pid-${PORT}`, String(process.pid));
