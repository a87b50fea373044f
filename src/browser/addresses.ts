/** @file Which hosts an entry covers, which addresses are private, and name resolution that refuses those. */

import { lookup } from "node:dns";
import type { LookupAddress } from "node:dns";
import { BlockList, isIP } from "node:net";
import type { LookupFunction } from "node:net";

/** Whether an entry of `allowedHosts` (see {@link EpisodeWorld}) covers this host name and port. */
export function hostMatches(entry: string, hostname: string, port: number): boolean {
  const parts = /^(\*\.)?(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(entry.toLowerCase());
  if (!parts) return false;
  const [, wildcard, name, entryPort] = parts;
  // Names have a domain above them; addresses do not.
  if (wildcard && /^[\d.]+$|^\[/.test(hostname)) return false;
  const portFits = entryPort === undefined ? port === 80 || port === 443 : Number(entryPort) === port;
  return portFits && (wildcard ? hostname.endsWith(`.${name}`) : hostname === name);
}

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry: not globally reachable.
const PRIVATE_4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;
const PRIVATE_6 = [
  ["::", 128],
  ["::1", 128],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const;
/**
 * Prefixes of addresses that contain an IPv4 address, and where it begins: compatible, mapped, translated (RFC 6052 and
 * 8215), 6to4.
 */
const EMBEDDING = [
  ["::", 96, 6],
  ["::ffff:0:0", 96, 6],
  ["::ffff:0:0:0", 96, 6],
  ["64:ff9b::", 96, 6],
  ["64:ff9b:1::", 96, 6],
  ["2002::", 16, 1],
] as const;

function list(
  ranges: readonly (readonly [string, number, ...unknown[]])[],
  family: "ipv4" | "ipv6",
): BlockList {
  const made = new BlockList();
  for (const [net, bits] of ranges) made.addSubnet(net, bits, family);
  return made;
}
const private4 = list(PRIVATE_4, "ipv4");
const private6 = list(PRIVATE_6, "ipv6");
const embedding = EMBEDDING.map((range) => ({ from: range[2], list: list([range], "ipv6") }));

/** Whether this IP address belongs to this machine, to a private network, or otherwise not to the public internet. */
export function isPrivateAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (isIP(bare) === 4) return private4.check(bare, "ipv4");
  if (isIP(bare) !== 6) return true;
  if (private6.check(bare, "ipv6")) return true;
  const found = embedding.find((range) => range.list.check(bare, "ipv6"));
  if (!found) return false;
  const [high, low] = groups(bare).slice(found.from, found.from + 2) as [number, number];
  return private4.check([high >> 8, high & 255, low >> 8, low & 255].join("."), "ipv4");
}

/** The eight numbers of an IPv6 address. */
function groups(address: string): number[] {
  // The URL parser writes a dotted end as two groups.
  const [head = "", tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split("::");
  const numbers = (text: string) =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [left, right] = [numbers(head), numbers(tail ?? "")];
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
}

const LOOPBACK: LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];
/** `localhost` and what is below it mean this machine by definition (RFC 6761). */
const isLocalName = (hostname: string) => /^(.*\.)?localhost$/i.test(hostname);

/**
 * Resolves names as the system does, but to public addresses only: a public name that somebody points at this machine
 * or its network (DNS rebinding) leads nowhere. Used for the connection itself, so that nothing changes in between.
 * `privateHosts` are names that may have private addresses, written as in `allowedHosts`.
 */
export function publicLookup(
  privateHosts: readonly string[],
  resolve: (
    hostname: string,
    options: { all: true },
    done: (error: NodeJS.ErrnoException | null, all: LookupAddress[]) => void,
  ) => void = lookup,
): LookupFunction {
  return (hostname, options, done) => {
    const mayBePrivate =
      isLocalName(hostname) ||
      privateHosts.some((entry) => {
        const name = entry.toLowerCase().replace(/:\d+$/, "");
        return hostMatches(name, hostname.toLowerCase(), 80);
      });
    resolve(hostname, { ...options, all: true }, (error, found) => {
      // Some systems know only `localhost`, not its subdomains.
      const isUnknownLocal = error !== null && isLocalName(hostname);
      if (error && !isUnknownLocal) return done(error, "", 0);
      const all = isUnknownLocal ? LOOPBACK : found;
      const usable = mayBePrivate ? all : all.filter(({ address }) => !isPrivateAddress(address));
      const [first] = usable;
      if (!first)
        return done(
          Object.assign(
            new Error(
              `${hostname} is ${all.map(({ address }) => address).join(", ")}, an address of this machine or a private network, and not one of privateHosts`,
            ),
            { code: "EACCES" },
          ),
          "",
          0,
        );
      if (options.all) done(null, usable);
      else done(null, first.address, first.family);
    });
  };
}
