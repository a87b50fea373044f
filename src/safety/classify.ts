/** @file What a request does: by what its site declares, else by rules that err on the side of asking. */

import { READING } from "../browser/guard.ts";
import type { Declarations, OutgoingRequest } from "../browser/guard.ts";
import type { IrreversibleRequest } from "../core/effect.ts";
import { parseNumber } from "../core/parse-number.ts";
import { amountInFields } from "./amount.ts";
import type { Effect } from "./policy.ts";
import { effectOfAddress, effectOfReading } from "./words.ts";

export type Fields = readonly (readonly [name: string, value: string])[];

/** A request as it is judged, before it is sent or on its way. */
export interface Judged {
  method: string;
  url: URL;
  fields: Fields;
  /** The bodies of requests that cannot be read have no fields. */
  readable: boolean;
}

export interface Classified {
  /** `null`: it only reads. */
  effect: Effect | null;
  /** What the site said of it. */
  declaration: IrreversibleRequest | null;
  /** What is sent. */
  amount: number | null;
  why: string;
}

const MOST_FIELDS = 500;

export async function judge(request: OutgoingRequest): Promise<Judged> {
  const url = new URL(request.url);
  const type = request.headers["content-type"] ?? "";
  const override = request.headers["x-http-method-override"];
  const method = (override ?? request.method).toUpperCase();
  const query: Fields = [...url.searchParams];
  if (request.body.length === 0) return { method, url, fields: query, readable: true };
  const body = await fieldsOf(request.body, type);
  return { method, url, fields: body ? [...query, ...body] : query, readable: body !== null };
}

async function fieldsOf(body: Uint8Array, type: string): Promise<Fields | null> {
  if (/^multipart\/form-data/i.test(type))
    try {
      const form = await new Response(body as Uint8Array<ArrayBuffer>, {
        headers: { "content-type": type },
      }).formData();
      return [...form].map(([name, value]) => [
        name,
        typeof value === "string" ? value : `file ${value.name}`,
      ]);
    } catch {
      return null;
    }
  const text = Buffer.from(body).toString("utf8");
  if (/^application\/x-www-form-urlencoded/i.test(type)) return [...new URLSearchParams(text)];
  // Beacons and simple requests send JSON as plain text.
  try {
    const fields: [string, string][] = [];
    flatten(JSON.parse(text), "", fields);
    return fields;
  } catch {
    return /^text\/plain/i.test(type) ? [...new URLSearchParams(text)] : null;
  }
}

function flatten(value: unknown, path: string, fields: [string, string][]): void {
  if (fields.length >= MOST_FIELDS) return;
  if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value))
      flatten(item, path === "" ? key : `${path}.${key}`, fields);
  else fields.push([path, String(value)]);
}

/** Names of parameters that say what is to be done. */
const OPERATION =
  /(?:^|[.[])_?(?:action|act|do|op|operation|operationName|cmd|command|method|task|event|type|verb|mutation|intent)\]?$/i;
const READS = /^(?:get|list|fetch|load|find|query|search|is|has|count|view|watch|subscribe$)/i;

/** What the request says that it wants done, beside its address. */
function operationsOf(fields: Fields): string[] {
  const named = fields.filter(([name]) => OPERATION.test(name)).map(([, value]) => value);
  // GraphQL says in its text what it asks for; a query only reads.
  const texts = fields
    .filter(([name]) => /(?:^|\.)(?:query|mutation)$/i.test(name))
    .map(([, value]) => value);
  const mutations = texts.flatMap((text) =>
    [...text.matchAll(/\bmutation\b[^{]*\{\s*(?:\w+\s*:\s*)?(\w+)/g)].map((match) => match[1]!),
  );
  if (texts.length > 0 && texts.every((text) => /^\s*(?:query\b|\{)/.test(text)) && mutations.length === 0)
    return [];
  return [...named, ...mutations].filter((value) => value.length <= 80 && !READS.test(value));
}

const isGraphQlQuery = (fields: Fields): boolean =>
  fields.some(([name, value]) => /(?:^|\.)query$/.test(name) && /^\s*(?:query\b|\{)/.test(value)) &&
  !fields.some(([, value]) => /\bmutation\b/.test(value));

/** Does a declared path fit? */
export function pathFits(pattern: string, path: string): boolean {
  const segments = (text: string) => text.replace(/(.)\/+$/, "$1").split("/");
  const [wanted, found] = [segments(pattern), segments(path)];
  const rest = wanted.at(-1) === "*";
  if (rest ? found.length < wanted.length - 1 : found.length !== wanted.length) return false;
  return (rest ? wanted.slice(0, -1) : wanted).every(
    (segment, i) => (segment.startsWith(":") && found[i] !== "") || segment === found[i],
  );
}

function findDeclaration(
  { method, url, fields }: Judged,
  declarations: Declarations,
): IrreversibleRequest | null {
  const path = decodePath(url.pathname);
  return (
    declarations
      .get(url.host)
      ?.find(
        (declared) =>
          (declared.method ?? "POST").toUpperCase() === method &&
          pathFits(declared.path, path) &&
          Object.entries(declared.fields ?? {}).every(([name, value]) =>
            fields.some(([key, sent]) => key === name && sent === value),
          ),
      ) ?? null
  );
}

function decodePath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** `fromHost`: whose page makes it. */
export function classify(
  request: Judged,
  declarations: Declarations,
  fromHosts: readonly string[],
): Classified {
  const { method, url, fields } = request;
  const declaration = findDeclaration(request, declarations);
  if (declaration) {
    const { kind, amount } = declaration;
    const field = amount?.field === undefined ? undefined : fields.find(([name]) => name === amount.field);
    return {
      effect: kind === "none" ? (READING.has(method) ? null : "change") : kind,
      declaration,
      amount: field ? parseNumber(field[1]) : amount ? null : amountInFields(fields),
      why: "declared by the site",
    };
  }
  const found = (effect: Effect | null, why: string): Classified => ({
    effect,
    declaration,
    amount: amountInFields(fields),
    why,
  });
  const operations = operationsOf(fields);
  if (READING.has(method)) {
    const kind = effectOfReading(url);
    return found(kind, kind ? "the words of its address" : "it only reads");
  }
  if (method === "WS") return found(effectOfAddress("", operations) ?? "message", "the words of the message");
  if (method === "DELETE") return found("delete", "its method");
  if (isGraphQlQuery(fields)) return found("change", "a query");
  const kind = effectOfAddress(decodePath(url.pathname), operations);
  if (kind) return found(kind, "the words of its address");
  if (!fromHosts.includes(url.host)) return found("send", "it goes to another host than its page's");
  return found("change", "nothing tells what it does");
}
