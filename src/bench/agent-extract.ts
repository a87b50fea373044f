/**
 * @file Extraction measured against the truth: 1,000 rows on 50 pages of a made-up shop whose layout changes every five
 * pages, and two lists of the built-in store's administration, one of which has most of its fields on the items' own
 * pages.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { RecordReader } from "../agent/extract/ask.ts";
import { chatReader } from "../agent/extract/ask.ts";
import type { ExtractSummary } from "../agent/extract/options.ts";
import { extract } from "../agent/extract/extract.ts";
import type { RowValues } from "../agent/extract/schema.ts";
import { openRecord } from "../agent/record.ts";
import { RUN_LIMITS } from "../agent/run.ts";
import { openSession } from "../agent/session.ts";
import type { AgentSite } from "../agent/site.ts";
import { openSite } from "../agent/site.ts";
import { BrowserPool } from "../browser/pool.ts";
import type { ChatModel } from "../core/chat.ts";
import { createWorld } from "../sites/world.ts";
import { knowingReader } from "./extract-reader.ts";
import type { Said } from "./extract-reader.ts";
import { EXTRACT_HOST, variedSite } from "./extract-site.ts";

/**
 * For one field: how many of the values that were read are right, and how many of the existing ones were read right.
 */
export interface FieldScore {
  name: string;
  precision: number;
  recall: number;
}

export interface ExtractScore {
  name: string;
  reader: string;
  /** Existing rows, those of them that were read, and rows that were read but do not exist. */
  rows: number;
  found: number;
  extra: number;
  fields: FieldScore[];
  modelCalls: number;
  callsPerRow: number;
  pages: number;
  requests: number;
  layouts: number;
  seconds: number;
  unread: string[];
  ended: string | null;
}

export interface BenchExtractOptions {
  /**
   * The model that reads the records. Without it, a reader that knows the truth reads them, which measures the rules
   * alone.
   */
  chat?: { model: ChatModel; contextTokens: number; maxNewTokens: number } | undefined;
  /** Share of values that the reader that knows the truth gets wrong. Default 0. */
  mistakes?: number | undefined;
  /** Pages of the made-up shop, 20 rows each. Default 50. */
  pages?: number | undefined;
  /** Pages in a row of one layout. Default 5. */
  perLayout?: number | undefined;
  seed?: number | undefined;
  onProgress?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

interface Subject<T extends object> {
  name: string;
  site: AgentSite;
  start?: string;
  instruction: string;
  schema: z.ZodObject;
  /** The true rows; only the first ones if the list is longer. */
  truth: readonly T[];
  maxRows?: number;
  /** The field that finds a row that was read among them. */
  key: (row: RowValues | T) => string;
  isRow: (row: T, said: Said) => boolean;
}

export async function benchExtract(options: BenchExtractOptions = {}): Promise<ExtractScore[]> {
  const scores: ExtractScore[] = [];
  for (const open of [() => variedShop(options), adminProducts, adminReviews]) {
    const subject = await open();
    await using _site = subject.site;
    scores.push(await measure(subject as Subject<object>, options));
  }
  return scores;
}

async function measure<T extends object>(
  subject: Subject<T>,
  options: BenchExtractOptions,
): Promise<ExtractScore> {
  const { site, schema, truth, start } = subject;
  const directory = await mkdtemp(join(tmpdir(), "webrl-bench-extract-"));
  const reader = options.chat
    ? chatReader(options.chat.model, options.chat)
    : knowingReader(truth, subject.isRow, options.mistakes);
  try {
    const none = { name: "none", begin: () => () => Promise.reject(new Error("no action is asked for")) };
    await using record = await openRecord(directory, { site: site.name, model: reader.name });
    await using session = await openSession({
      site,
      policy: none,
      record,
      model: reader.name,
      format: "compact",
      limits: RUN_LIMITS,
    });
    const extraction = extract<RowValues>(
      subject.instruction,
      schema,
      { session, reader, siteName: site.name, isForeign: false },
      {
        ...(start !== undefined && { start }),
        maxRows: subject.maxRows,
        signal: options.signal,
        onProgress: ({ rows, modelCalls }) =>
          options.onProgress?.(`${subject.name}: ${rows} rows, ${modelCalls} model calls`),
      },
    );
    const rows: RowValues[] = [];
    for await (const { row } of extraction) rows.push(row);

    return score(subject, reader, rows, extraction.summary);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function score<T extends object>(
  { name, truth, schema, key }: Subject<T>,
  reader: RecordReader,
  rows: readonly RowValues[],
  summary: Readonly<ExtractSummary>,
): ExtractScore {
  const byKey = new Map(truth.map((row) => [key(row), row as Record<string, unknown>]));
  const read = new Map<string, RowValues>();
  for (const row of rows) if (byKey.has(key(row)) && !read.has(key(row))) read.set(key(row), row);
  const fields = Object.keys(schema.shape).map((field): FieldScore => {
    const given = rows.filter((row) => row[field] !== null).length;
    const there = truth.filter((row) => ((row as Record<string, unknown>)[field] ?? null) !== null).length;
    const right = [...read].filter(
      ([id, row]) => row[field] !== null && row[field] === byKey.get(id)![field],
    ).length;
    return {
      name: field,
      precision: given === 0 ? 1 : right / given,
      recall: there === 0 ? 1 : right / there,
    };
  });
  const { modelCalls, pages, requests, layouts, seconds, unread, ended } = summary;
  return {
    name,
    reader: reader.name,
    rows: truth.length,
    found: read.size,
    extra: rows.length - read.size,
    fields,
    modelCalls,
    callsPerRow: modelCalls / truth.length,
    pages,
    requests,
    layouts,
    seconds,
    unread,
    ended,
  };
}

function variedShop({
  seed = 7,
  pages = 50,
  perLayout = 5,
}: BenchExtractOptions): Promise<Subject<{ name: string }>> {
  const made = variedSite(seed, pages, perLayout);
  const pool = new BrowserPool();
  return Promise.resolve({
    name: "made-up shop",
    site: {
      name: "lamps",
      description: null,
      contexts: pool,
      world: ({ startUrl }) =>
        Promise.resolve({
          hosts: new Map([[EXTRACT_HOST, (request: Request) => made.fetch(request)]]),
          allowedHosts: [],
          cookies: [],
          startUrl: startUrl ?? `http://${EXTRACT_HOST}/`,
        }),
      isSignInPage: () => false,
      isSignInAddress: () => false,
      isSignedIn: false,
      canSignIn: false,
      [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
    },
    instruction: "all lamps",
    schema: z.object({
      name: z.string(),
      price: z.number(),
      stars: z.number().describe("how many of five, halves too"),
      reviews: z.int().describe("how many reviews there are"),
      released: z.iso.date(),
      url: z.url(),
      maker: z.string(),
      inStock: z.boolean(),
    }),
    truth: made.pages.flat(),
    key: (row) => String(row.name),
    // A review of a lamp is not a lamp.
    isRow: (row, { text }) => text.includes(row.name) && !text.includes("It shines"),
  });
}

const joinFields = (row: object, ...fields: string[]): string =>
  fields.map((field) => String((row as Record<string, unknown>)[field])).join(" | ");

async function adminProducts(): Promise<Subject<{ id: number }>> {
  const { store } = createWorld(["store-admin"]).state;
  return {
    name: "built-in store: products",
    site: await openSite({ site: "store-admin" }),
    start: "/products",
    instruction: "all products",
    schema: z.object({
      name: z.string(),
      category: z.string(),
      price: z.number(),
      stock: z.int(),
      status: z.enum(["Enabled", "Disabled"]),
    }),
    truth: store.products.map((product) => ({
      ...product,
      price: product.price / 100,
      status: product.enabled ? "Enabled" : "Disabled",
    })),
    key: (row) => joinFields(row, "name"),
    isRow: ({ id }, { attributes }) => isOnlyLink(attributes, "products", id),
  };
}

/** Each is a page of its own; the newest come first. */
const REVIEWS = 60;

async function adminReviews(): Promise<Subject<{ id: number; text: string }>> {
  const { store } = createWorld(["store-admin"]).state;
  return {
    name: "built-in store: reviews, with their own pages",
    site: await openSite({ site: "store-admin" }),
    start: "/reviews",
    instruction: "all reviews",
    schema: z.object({
      product: z.string(),
      author: z.string(),
      rating: z.number(),
      status: z.enum(["Pending", "Approved", "Rejected"]),
      text: z.string().describe("what the customer wrote"),
      date: z.iso.date(),
    }),
    maxRows: REVIEWS,
    truth: store.reviews.slice(-REVIEWS).map((review) => ({
      ...review,
      product: store.products.find(({ id }) => id === review.productId)!.name,
      date: review.at.slice(0, 10),
    })),
    key: (row) => joinFields(row, "product", "author", "text"),
    isRow: ({ id, text }, said) => said.text.includes(text) || isOnlyLink(said.attributes, "reviews", id),
  };
}

/** The only link to an item leads to this one. */
function isOnlyLink(attributes: readonly string[], list: string, id: number): boolean {
  const links = new Set(attributes.flatMap((value) => new RegExp(`/${list}/(\\d+)$`).exec(value)?.[1] ?? []));
  return links.size === 1 && links.has(String(id));
}
