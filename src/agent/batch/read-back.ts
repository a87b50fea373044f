/** @file Reads an item's present state on the page that its job declares. Opens pages but changes nothing. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ValueReading, ValueRequest } from "../../browser/page/declared-value.ts";
import type { PageDocument } from "../../browser/page-world.ts";
import type { PageReader } from "../../browser/reader.ts";
import { Fault } from "../../core/errors.ts";
import type { AgentSession } from "../session.ts";
import { differences } from "./compare.ts";
import type { JobDefinition, State } from "./definition.ts";
import { fill } from "./template.ts";
import type { Values } from "./template.ts";

/** Thrown when the item cannot be read, so that its state is unknown. The message says why in one sentence. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** Milliseconds between two readings while waiting for an effect. */
const AGAIN_MS = 250;

/** Where to read, and what. */
export interface Reading {
  session: AgentSession;
  job: JobDefinition;
  /** The address that the job's addresses are relative to. */
  home: string;
  signal?: AbortSignal | undefined;
}

/**
 * The item's state. An item that does not exist has `null` everywhere; the caller decides whether that is allowed.
 * Throws `Unreadable` when the page does not show the state, and a `Fault` when the world breaks.
 */
export async function readItem(reading: Reading, row: Values): Promise<State> {
  const { session, job } = reading;
  const { effect } = job;
  if (effect.read) return readByCode(reading, row);
  const nothing = Object.fromEntries(Object.keys(effect.values).map((name) => [name, null]));
  const address = new URL(fill(effect.open!, row, true), reading.home).href;
  if ((await openToRead(reading, address)) === "missing") return nothing;
  if (effect.follow !== undefined) {
    const name = fill(effect.follow, row);
    const links = await inEachShown(session, (document) => document.call("linksCalled", name));
    const [link, ...others] = links.flat();
    if (others.length > 0)
      throw new Unreadable(
        `${others.length + 1} links of ${address} are called ${JSON.stringify(name)}: ${links.flat().join(", ")}`,
      );
    await assertShows(session, job, row);
    if (link === undefined) return nothing;
    if ((await openToRead(reading, link)) === "missing") return nothing;
  } else await assertShows(session, job, row);
  const state: State = {};
  for (const [name, value] of Object.entries(effect.values))
    state[name] = await readOne(session, name, {
      ...(value.label !== undefined && { label: fill(value.label, row) }),
      ...(value.text !== undefined && { texts: [value.text].flat().map((one) => fill(one, row)) }),
      ...(value.in !== undefined && { within: fill(value.in, row) }),
    });
  return state;
}

/** Reads until the state is as it should be or the job's time is over. Returns the last state. */
export async function readUntil(reading: Reading, row: Values, wanted: State): Promise<State> {
  const { job, signal } = reading;
  const until = performance.now() + 1000 * job.effect.settleSeconds;
  for (;;) {
    const state = await readItem(reading, row);
    if (differences(job, state, wanted).length === 0 || performance.now() >= until) return state;
    await sleep(AGAIN_MS, undefined, { signal });
  }
}

async function readByCode(reading: Reading, row: Values): Promise<State> {
  const { session, job, home } = reading;
  const read = await job.effect.read!({
    row,
    open: async (address) => (await openToRead(reading, new URL(address, home).href)) === "open",
    value: ({ label, text, in: within }) =>
      readOne(session, label ?? "a text", {
        ...(label !== undefined && { label }),
        ...(text !== undefined && { texts: [text].flat() }),
        ...(within !== undefined && { within }),
      }),
    text: async () => (await inEachShown(session, (document) => document.call("pageText"))).join("\n"),
  }).catch((error: unknown) => {
    if (error instanceof Fault || error instanceof Unreadable) throw error;
    // What the user's code throws is the reason why the item cannot be read.
    throw new Unreadable(error instanceof Error ? error.message : String(error), { cause: error });
  });
  const names = Object.keys(job.effect.values);
  const missing = names.find((name) => read[name] === undefined);
  if (missing !== undefined) throw new Unreadable(`effect.read gave no ${missing}`);
  return Object.fromEntries(names.map((name) => [name, read[name]!]));
}

/** `missing`: the site answered that there is no such page. */
async function openToRead({ session, job, signal }: Reading, address: string): Promise<"open" | "missing"> {
  const seen = await session.open(address, { signal });
  if (seen.error) throw new Unreadable(`${address} could not be opened: ${seen.error.message}`);
  if (session.signedOut)
    throw new Unreadable(`${address} asks to sign in: the site has ended the session, or requires one`);
  const { url, status } = await session.read(async (reader) => (await reader.document()).call("pageStatus"));
  if (status === 404 || status === 410) return "missing";
  if (status >= 400) throw new Unreadable(`${address} answers with status ${status}`);
  // A site that redirects people who are not signed in shows nothing of the item, which may exist all the same.
  if (job.effect.shows === undefined && placeOf(url) !== placeOf(address))
    throw new Unreadable(
      `${address} redirects to ${url}; if that is intended, put a text of that page into effect.shows`,
    );
  return "open";
}

/** Without what sites add and remove by themselves. */
function placeOf(address: string): string {
  const { host, pathname } = new URL(address);
  return `${host}${pathname.replace(/\/$/, "")}`;
}

async function assertShows(session: AgentSession, job: JobDefinition, row: Values): Promise<void> {
  if (job.effect.shows === undefined) return;
  const shows = fill(job.effect.shows, row);
  const found = await readInFrames(session, { texts: [shows] });
  if (found.kind === "absent")
    throw new Unreadable(
      `${await session.read((reader) => reader.url())} does not show ${JSON.stringify(shows)}`,
    );
}

async function readOne(session: AgentSession, name: string, request: ValueRequest): Promise<string | null> {
  const reading = await readInFrames(session, request);
  const url = await session.read((reader) => reader.url());
  switch (reading.kind) {
    case "value":
      return reading.value;
    case "absent":
      return null;
    case "unlabelled":
      throw new Unreadable(
        `${url} has nothing labelled ${JSON.stringify(request.label)} for ${name}; its labels are ${reading.labels.length === 0 ? "none" : reading.labels.join(", ")}`,
      );
    case "ambiguous":
      throw new Unreadable(
        `${url} has several for ${name}: ${reading.found.map((one) => JSON.stringify(one)).join(", ")}`,
      );
  }
}

/** What the page itself shows of the item, or, if that is nothing, what its visible frames show together. */
async function readInFrames(session: AgentSession, request: ValueRequest): Promise<ValueReading> {
  const [main, ...inner] = (await inEachShown(session, (document) =>
    document.call("readValue", request),
  )) as [ValueReading, ...ValueReading[]];
  if (main.kind === "value" || main.kind === "ambiguous" || inner.length === 0) return main;
  const values = inner.flatMap((one) =>
    one.kind === "value" ? [one.value] : one.kind === "ambiguous" ? one.found : [],
  );
  const [value, ...others] = new Set(values);
  if (value !== undefined)
    return others.length > 0 || inner.some(({ kind }) => kind === "ambiguous")
      ? { kind: "ambiguous", found: [value, ...others] }
      : { kind: "value", value };
  const labels = [main, ...inner].flatMap((one) => (one.kind === "unlabelled" ? one.labels : []));
  const isUnlabelled = [main, ...inner].some(({ kind }) => kind === "unlabelled");
  return isUnlabelled ? { kind: "unlabelled", labels } : { kind: "absent" };
}

const FRAME_DEPTH = 3;

/**
 * Applies `read` to the page's own document and to those of its visible frames. Throws a `Fault` when the world breaks.
 */
async function inEachShown<T>(
  session: AgentSession,
  read: (document: PageDocument) => Promise<T>,
): Promise<T[]> {
  return session.read(async (reader) => {
    const found: T[] = [];
    for (const document of await shownDocuments(reader)) found.push(await read(document));
    return found;
  });
}

/** Nothing is known of a frame that shows an error. */
async function shownDocuments(reader: PageReader): Promise<PageDocument[]> {
  const inside = async (document: PageDocument, depth: number): Promise<PageDocument[]> => {
    if (depth === FRAME_DEPTH) return [document];
    const documents = [document];
    const count = await document.call("shownFrames");
    for (let index = 0; index < count; index++) {
      const frame = await document.frame(index);
      if (!frame) continue;
      const { url, status } = await frame.call("pageStatus");
      if (status >= 400 && status !== 404 && status !== 410)
        throw new Unreadable(`the frame ${url} answers with status ${status}`);
      documents.push(...(await inside(frame, depth + 1)));
    }
    return documents;
  };
  const document = await reader.document();
  try {
    return await inside(document, 0);
  } catch (error) {
    if (error instanceof Unreadable || document.gone) throw error;
    throw new Unreadable("a frame of the page cannot be read", { cause: error });
  }
}
