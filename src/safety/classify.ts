/** @file Decides what a request does: by its site's declarations, or else by rules that err on the side of asking. */

import { READING } from "../browser/guard.ts";
import type { Declarations } from "../browser/guard.ts";
import type { IrreversibleRequest } from "../core/effect.ts";
import { amountInFields, amountOfField } from "./amount.ts";
import { isGraphQlQuery, mutationsOf, operationsOf } from "./operations.ts";
import type { Effect } from "./policy.ts";
import type { Judged } from "./request.ts";
import { unfold } from "./request.ts";
import { effectOfAddress, effectOfReading, isVerb } from "./address-words.ts";

export interface Classified {
  /** `null`: it only reads. */
  effect: Effect | null;
  /** The site's declaration of it. */
  declaration: IrreversibleRequest | null;
  /** What is sent. */
  amount: number | null;
  why: string;
}

/** Whether a declared path matches. */
export function pathFits(pattern: string, path: string): boolean {
  const segments = (text: string) => text.replace(/(.)\/+$/, "$1").split("/");
  const [wanted, found] = [segments(pattern), segments(path)];
  const rest = wanted.at(-1) === "*";
  if (rest ? found.length < wanted.length - 1 : found.length !== wanted.length) return false;
  return (rest ? wanted.slice(0, -1) : wanted).every(
    (segment, i) => (segment.startsWith(":") && found[i] !== "") || segment === found[i],
  );
}

/**
 * The same for restrictions: many servers take `/Pay`, `//pay` and `/pay;v=1` for `/pay`. A permission must match
 * literally.
 */
export const pathMayFit = (pattern: string, path: string): boolean =>
  pathFits(pattern, path) ||
  pathFits(
    pattern.toLowerCase(),
    path
      .toLowerCase()
      .replace(/;[^/]*/g, "")
      .replace(/\/{2,}/g, "/"),
  );

function findDeclaration(
  { method, url, fields }: Judged,
  declarations: Declarations,
): IrreversibleRequest | null {
  const path = decodePath(url.pathname);
  const ofHost = declarations.get(url.host) ?? [];
  const find = (fits: (declared: IrreversibleRequest) => boolean) =>
    ofHost.find(
      (declared) =>
        (declared.method ?? "POST").toUpperCase() === method &&
        fits(declared) &&
        Object.entries(declared.fields ?? {}).every(([name, value]) =>
          fields.some(([key, sent]) => key === name && sent === value),
        ),
    );
  return (
    find((declared) => pathFits(declared.path, path)) ??
    find((declared) => declared.kind !== "none" && pathMayFit(declared.path, path)) ??
    null
  );
}

function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** `fromHost`: the host of the page that makes the request. */
export function classify(
  request: Judged,
  declarations: Declarations,
  fromHosts: readonly string[],
): Classified {
  const { method, url } = request;
  const declaration = findDeclaration(request, declarations);
  const fields = unfold(request.fields);
  if (declaration) {
    const { kind, amount } = declaration;
    const ofField = amount?.field === undefined ? undefined : amountOfField(amount.field, fields);
    return {
      effect: kind === "none" ? (READING.has(method) ? null : "change") : kind,
      declaration,
      amount: ofField !== undefined ? ofField : amount ? null : amountInFields(fields),
      why: "the site declares it",
    };
  }
  const conclude = (effect: Effect | null, why: string): Classified => ({
    effect,
    declaration,
    amount: amountInFields(fields),
    why,
  });
  // `?delete` needs no value.
  const operations = [...operationsOf(fields), ...[...url.searchParams.keys()].filter(isVerb)];
  if (READING.has(method)) {
    const mutations = mutationsOf(fields);
    const asked = mutations.length > 0 ? (effectOfAddress("", mutations) ?? "change") : null;
    const kind = effectOfReading(url, amountInFields(fields) !== null) ?? asked;
    return conclude(kind, kind ? "the words of its address" : "it only reads");
  }
  if (method === "WS")
    return conclude(effectOfAddress("", operations) ?? "message", "the words of the message");
  if (method === "DELETE") return conclude("delete", "its method");
  if (isGraphQlQuery(fields)) return conclude(effectOfAddress("", operations) ?? "change", "a query");
  const kind = effectOfAddress(decodePath(url.pathname), operations);
  if (kind) return conclude(kind, "the words of its address");
  if (!fromHosts.includes(url.host)) return conclude("send", "it goes to another host than its page's");
  return conclude("change", "nothing tells what it does");
}
