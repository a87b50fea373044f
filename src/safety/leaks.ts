/** @file Finds secrets in requests to hosts that must not get them. */

import type { OutgoingRequest } from "../browser/guard.ts";
import { belongsTo } from "../browser/typed-secrets.ts";
import type { Secrets } from "../browser/typed-secrets.ts";
import { redactKnown } from "../text/redact.ts";

/** The name of a secret that a request carries to a host that must not get it, however the secret is written. */
export function leakFinder(secrets: Secrets): (request: OutgoingRequest) => string | null {
  const finders = [...secrets].map(([name, { value, hosts }]) => ({
    name,
    hosts,
    redact: redactKnown([value]),
  }));
  return ({ url, headers, body }) => {
    const foreign = finders.filter(({ hosts }) => !belongsTo(hosts, url));
    if (foreign.length === 0) return null;
    const text = `${url}\n${Object.values(headers).join("\n")}\n${Buffer.from(body).toString("utf8")}`;
    return foreign.find(({ redact }) => redact(text) !== text)?.name ?? null;
  };
}
