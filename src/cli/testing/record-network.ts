/**
 * @file Runs a command in its own network namespace, where every address is this machine: every connection is seen and
 * none leaves. `unshare -rn node --import tsx record-network.ts OUT.json COMMAND…` writes down what was tried.
 */

import { execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";

export interface NetworkRecord {
  /** Names that were looked up. */
  lookups: string[];
  /** First lines (or server names) of connections to ports of the web, and to the dead proxy of the browser. */
  connections: string[];
  /** TCP connections to other ports, where nobody listens. */
  refusedConnections: number;
  /** UDP datagrams to any other port. */
  strayDatagrams: number;
  exitCode: number | null;
  /** End of what the command wrote. */
  output: string;
}

/** The ports of the web, DNS over TLS, and the discard port that {@link launchBrowser} names as its dead proxy. */
const TCP_PORTS = [80, 443, 853, 9];
/** Answered for every name: an address that means nothing (RFC 5737). */
const NOWHERE = [198, 51, 100, 7];

const [out, program, ...args] = process.argv.slice(2);
if (!out || !program) throw new Error("record-network.ts OUT.json COMMAND…");

execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("ip", ["route", "add", "local", "default", "dev", "lo"]);

const record: NetworkRecord = {
  lookups: [],
  connections: [],
  refusedConnections: 0,
  strayDatagrams: 0,
  exitCode: null,
  output: "",
};

const resolver = createSocket("udp4", (query, from) => {
  const { name, end } = question(query);
  record.lookups.push(name);
  const isA = query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isA ? 1 : 0, 6);
  header.writeUInt16BE(0, 10);
  const answer = isA ? Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...NOWHERE]) : Buffer.alloc(0);
  resolver.send(Buffer.concat([header, query.subarray(12, end), answer]), from.port, from.address);
});
await new Promise<void>((resolve) => resolver.bind(53, "0.0.0.0", resolve));

for (const port of TCP_PORTS)
  await new Promise<void>((resolve) =>
    createServer((socket) => {
      const at = record.connections.push(`port ${port}`) - 1;
      socket.once("data", (bytes) => {
        const text = bytes.toString("latin1");
        // A name in a TLS hello, or a request's first line.
        const what =
          bytes[0] === 22 ? (/[a-z0-9-]+(?:\.[a-z0-9-]+)+/.exec(text)?.[0] ?? "TLS") : text.split("\r\n")[0];
        record.connections[at] = `port ${port}: ${what}`;
        socket.destroy();
      });
      socket.on("error", () => socket.destroy());
    }).listen(port, "0.0.0.0", resolve),
  );

const before = counters();
const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
for (const stream of [child.stdout, child.stderr])
  stream.on("data", (chunk: Buffer) => (record.output = (record.output + chunk.toString()).slice(-4000)));
child.once("close", (code) => {
  const after = counters();
  record.exitCode = code;
  record.refusedConnections = after.attemptFails - before.attemptFails;
  record.strayDatagrams = after.noPorts - before.noPorts;
  writeFileSync(out, JSON.stringify(record));
  process.exit(0);
});

/** The name of a query's first question, and where the question ends. */
function question(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  while (query[at] !== 0) {
    const length = query[at]!;
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
}

/** What the kernel counts in this namespace: refused connections, and datagrams that nobody received. */
function counters(): { attemptFails: number; noPorts: number } {
  const lines = readFileSync("/proc/net/snmp", "utf8").split("\n");
  const read = (protocol: string, name: string) => {
    const [names, values] = lines
      .filter((line) => line.startsWith(`${protocol}: `))
      .map((line) => line.split(" "));
    return Number(values![names!.indexOf(name)]);
  };
  return { attemptFails: read("Tcp", "AttemptFails"), noPorts: read("Udp", "NoPorts") };
}
