/**
 * @file Parses a request into names and values, however it is written: forms, JSON, GraphQL, XML, messages over
 * WebSockets.
 */

import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { READING } from "../browser/guard.ts";
import type { OutgoingRequest } from "../browser/guard.ts";

export type Fields = readonly (readonly [name: string, value: string])[];

/** A request to be judged, before it is sent or on its way. */
export interface Judged {
  method: string;
  url: URL;
  fields: Fields;
  /** Unreadable bodies have no fields. */
  readable: boolean;
}

/** Fields and headers by which frameworks let a form override its method. */
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"];

export async function judge(request: OutgoingRequest): Promise<Judged> {
  const { headers } = request;
  const url = new URL(request.url);
  const override = OVERRIDES.map((name) => headers[name]?.toUpperCase()).find(
    // A reading method would hide the one that was really used.
    (method) => method !== undefined && !READING.has(method),
  );
  const method = override ?? request.method.toUpperCase();
  const action = headers["soapaction"]?.replaceAll('"', "");
  const known: Fields = [
    ...url.searchParams,
    // A site's own method, such as `PURGE`, tells by its name what it does.
    ...(USUAL.has(method) ? [] : [["method", method] as const]),
    ...(action ? [["operation", action.split(/[#/:]/).at(-1)!] as const] : []),
  ];
  if (request.body.length === 0) return { method, url, fields: known, readable: true };
  const body = method === "WS" ? messageFields(textOf(request.body)) : await bodyFields(request);
  return { method, url, fields: body ? [...known, ...body] : known, readable: body !== null };
}

const USUAL = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "WS"]);

const textOf = (body: Uint8Array): string => Buffer.from(body).toString("utf8");

async function bodyFields({ body: sent, headers }: OutgoingRequest): Promise<Fields | null> {
  const type = headers["content-type"] ?? "";
  const body = decompress(sent, headers["content-encoding"]);
  if (body === null) return null;
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
  const text = textOf(body);
  if (/^multipart\/(?:mixed|batch|related)/i.test(type)) return requestsIn(text);
  if (/^application\/x-www-form-urlencoded/i.test(type)) return [...new URLSearchParams(text)];
  if (/^application\/graphql\b/i.test(type)) return [["query", text]];
  if (/[/+]xml\b/i.test(type) || /^\s*<[?\w]/.test(text)) return xmlOperation(text);
  // Beacons and simple requests send JSON as plain text, and servers may read any content type as a form.
  return jsonFields(text) ?? (/^[\w.[\]%+-]+=/.test(text) ? [...new URLSearchParams(text)] : null);
}

const MOST_BYTES = 32 * 1024 * 1024;

function decompress(body: Uint8Array, encoding: string | undefined): Uint8Array | null {
  const open = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[encoding ?? ""];
  if (!open) return body;
  try {
    return open(body, { maxOutputLength: MOST_BYTES });
  } catch {
    return null;
  }
}

/** Several requests in one body, as OData and others send them: their methods and targets. */
function requestsIn(text: string): Fields {
  return [...text.matchAll(/^([A-Z]+) (\S+) HTTP\/\d/gm)].flatMap(([, method, path]) =>
    READING.has(method!)
      ? []
      : ([
          ["method", method!],
          ["operation", path!],
        ] as const),
  );
}

/** The procedure of a SOAP or XML-RPC call. */
function xmlOperation(text: string): Fields | null {
  const found = /<(?:\w+:)?Body\b[^>]*>\s*<(?:\w+:)?(\w+)/.exec(text) ?? /<methodName>\s*([\w.]+)/.exec(text);
  return found ? [["operation", found[1]!]] : null;
}

/** Socket.IO puts numbers before its JSON, SignalR a mark after it, STOMP a command and headers before it. */
function messageFields(text: string): Fields | null {
  const [message = ""] = text.split("\u001e");
  const fields = jsonFields(message.replace(/^\d+(?:\/[\w/-]+,)?\d*(?=[[{])/, ""));
  if (fields) return fields.map(([name, value]) => [/^\d$/.test(name) ? "event" : name, value]);
  const destination = /^[A-Z]+\r?\n(?:.+\r?\n)*?destination:(\S+)/.exec(text);
  return destination ? [["operation", destination[1]!]] : null;
}

/** One document, or one per line. */
function jsonFields(text: string): [string, string][] | null {
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return flatten(JSON.parse(plain), "");
  } catch {
    const lines = plain.split("\n").filter((line) => line.trim() !== "");
    if (lines.length < 2 || !/^\s*[[{]/.test(plain)) return null;
    const found = lines.map(jsonFields);
    return found.includes(null) ? null : found.flatMap((fields) => fields ?? []);
  }
}

/** Leaves of JSON by their paths, in order. */
function flatten(root: unknown, name: string): [string, string][] {
  const fields: [string, string][] = [];
  const open: [path: string, value: unknown][] = [[name, root]];
  while (open.length > 0) {
    const [path, value] = open.pop()!;
    if (typeof value === "object" && value !== null)
      for (const [key, item] of Object.entries(value).toReversed())
        open.push([path === "" ? key : `${path}.${key}`, item]);
    else fields.push([path, String(value)]);
  }
  return fields;
}

const DEEPEST = 3;

/** Includes JSON inside a field: `payload={"action":…}`. */
export function unfold(fields: Fields, depth = 0): Fields {
  if (depth === DEEPEST) return fields;
  return fields.flatMap(([name, value]): Fields => {
    if (!/^\s*[[{]/.test(value)) return [[name, value]];
    const inner = jsonFields(value);
    return inner === null
      ? [[name, value]]
      : unfold(
          inner.map(([path, leaf]) => [`${name}.${path}`, leaf]),
          depth + 1,
        );
  });
}
