/**
 * @file A request that was decided on before it was made, as the page showed it, and how the one that is made compares with it.
 */

import { createHash } from "node:crypto";
import type { EffectKind } from "../core/effect.ts";
import type { Decision } from "./gate.ts";
import type { Fields, Judged } from "./request.ts";

export interface Grant {
  decision: Decision;
  effect: EffectKind;
  method: string;
  url: string;
  fields: Fields;
  withheld: readonly string[];
  amount: number | null;
}

/** To buy is to pay, and to publish is to send: one of them was shown, the other may be what the request is called. */
export const FAMILY: Record<EffectKind, string> = {
  buy: "money",
  pay: "money",
  send: "words",
  publish: "words",
  delete: "delete",
  sign: "sign",
};

export const withoutHash = (url: URL): string => url.href.replace(/#.*$/, "");

export const isGranted = (grant: Grant, { method, url }: Judged) =>
  grant.method === method && grant.url === withoutHash(url);

/** How what is sent differs from what was shown; `null`: it does not. */
export function differenceOf(
  grant: Grant,
  { fields, readable }: Judged,
  amount: number | null,
): string | null {
  if (grant.amount !== null && amount !== null && Math.abs(grant.amount - amount) > 0.005)
    return `${grant.amount} was shown, and ${amount} is sent`;
  if (!readable) return "what is sent cannot be read";
  const shown = new Map<string, string[]>();
  for (const [name, value] of grant.fields) shown.set(name, [...(shown.get(name) ?? []), value]);
  for (const [name, value] of fields) {
    // A picture that sends a form sends where it was touched, too.
    const isSpot = /(?:^|\.)[xy]$/.test(name) && /^\d+$/.test(value);
    if (grant.withheld.includes(name) || isSpot) continue;
    const values = shown.get(name);
    const at = values?.findIndex((one) => sameText(one, value)) ?? -1;
    if (at < 0)
      return `${name} was ${values ? `shown as ${JSON.stringify(values[0]?.slice(0, 60))}` : "not shown"}, and ${JSON.stringify(value.slice(0, 60))} is sent`;
  }
  return null;
}

/** Forms send line breaks as two characters. */
const sameText = (a: string, b: string) => a.replace(/\r\n?/g, "\n") === b.replace(/\r\n?/g, "\n");

export const fingerprint = ({ method, url }: Judged, body: Uint8Array) =>
  createHash("sha256")
    .update(`${method} ${withoutHash(url)}\n`)
    .update(body)
    .digest("hex");
