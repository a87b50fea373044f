/**
 * @file A request that was decided on before it was made, as the page showed it, compared with the one that is made.
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

/** Buying is paying, and publishing is sending: if one of them was shown, the request may be named after the other. */
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

/** How the request differs from what was shown; `null` if it does not. */
export function differenceOf(
  grant: Grant,
  { fields, readable }: Judged,
  amount: number | null,
): string | null {
  if (grant.amount !== null && amount !== null && Math.abs(grant.amount - amount) > 0.005)
    return `the page showed ${grant.amount}, but the request says ${amount}`;
  if (!readable) return "the request cannot be read";
  const shown = new Map<string, string[]>();
  for (const [name, value] of grant.fields) shown.set(name, [...(shown.get(name) ?? []), value]);
  for (const [name, value] of fields) {
    // An image button also sends where it was clicked.
    const isSpot = /(?:^|\.)[xy]$/.test(name) && /^\d+$/.test(value);
    if (grant.withheld.includes(name) || isSpot) continue;
    const values = shown.get(name);
    const at = values?.findIndex((one) => sameText(one, value)) ?? -1;
    if (at < 0)
      return `${name} was ${values ? `shown as ${JSON.stringify(values[0]?.slice(0, 60))}` : "not shown"}, and ${JSON.stringify(value.slice(0, 60))} is sent`;
  }
  return null;
}

/** Forms send each line break as two characters. */
const sameText = (a: string, b: string) => a.replace(/\r\n?/g, "\n") === b.replace(/\r\n?/g, "\n");

export const fingerprint = ({ method, url }: Judged, body: Uint8Array) =>
  createHash("sha256")
    .update(`${method} ${withoutHash(url)}\n`)
    .update(body)
    .digest("hex");
