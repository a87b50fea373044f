/** @file For tests of servers: requests written by hand, as no library would send them. */

import { connect } from "node:net";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends bytes as they are and reads until the server closes. */
export function send(port: number, request: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A server that refuses a body closes before it has read it all.
    socket.on("error", (error) => (chunks.length > 0 ? undefined : reject(error)));
    socket.on("close", () => {
      const text = Buffer.concat(chunks).toString("latin1");
      const [head, ...body] = text.split("\r\n\r\n");
      const [first, ...lines] = head!.split("\r\n");
      resolve({
        status: Number(first!.split(" ")[1]),
        headers: Object.fromEntries(
          lines.map((line) => [
            line.slice(0, line.indexOf(":")).toLowerCase(),
            line.slice(line.indexOf(":") + 2),
          ]),
        ),
        body: body.join("\r\n\r\n"),
      });
    });
  });
}

/** The same with a head: `ask(port, "GET /", { Origin: "http://evil.test" })`. */
export const ask = (
  port: number,
  line: string,
  headers: Record<string, string> = {},
  body = "",
): Promise<Answer> => {
  const all = { Host: `localhost:${port}`, Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return send(port, `${line} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
};

/**
 * What a server on loopback lets in that it should not, one sentence each; none is right. `path` is one that it answers
 * to programs.
 */
export async function findOpenings(port: number, path: string): Promise<string[]> {
  const openings: string[] = [];
  const refuses = async (
    what: string,
    statuses: readonly number[],
    asked: Promise<Answer>,
  ): Promise<void> => {
    const { status, headers, body } = await asked;
    if (!statuses.includes(status) || body.includes("root:")) openings.push(`${what}: ${status}`);
    const isOurs = headers["content-security-policy"] !== undefined;
    // Node answers by itself to what is not HTTP, or too long.
    if (!isOurs && ![400, 431].includes(status)) openings.push(`${what}: no Content-Security-Policy`);
    if (headers["access-control-allow-origin"] !== undefined)
      openings.push(`${what}: opens to other origins`);
  };
  for (const host of ["evil.test", "127.0.0.1.evil.test", "10.0.0.1", "localhost:80@evil.test"])
    await refuses(`the name ${host}`, [400, 403], ask(port, `GET ${path}`, { Host: host }));
  await refuses("no name", [400], send(port, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`));
  await refuses("another name in the first line", [400, 403], ask(port, `GET http://evil.test${path}`));
  for (const method of ["PUT", "PATCH", "PROPFIND"])
    await refuses(method, [405], ask(port, `${method} ${path}`));
  const foreign: Record<string, string>[] = [
    { Origin: "http://evil.test" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
  ];
  for (const headers of foreign)
    await refuses(
      JSON.stringify(headers),
      [403],
      ask(
        port,
        `POST ${path}`,
        { "Content-Type": "application/json", "Content-Length": "2", ...headers },
        "{}",
      ),
    );
  for (const elsewhere of ["/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "//etc/passwd", "/%00", "/%"])
    await refuses(elsewhere, [400, 401, 404], ask(port, `GET ${elsewhere}`));
  await refuses("a long body", [413], ask(port, `POST ${path}`, { "Content-Length": String(1 << 30) }));
  await refuses("a long address", [431], ask(port, `GET /?q=${"x".repeat(20_000)}`));
  const flood = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`X-${i}`, "y"]));
  await refuses("3,000 headers", [431], ask(port, `GET ${path}`, flood));
  return openings;
}
