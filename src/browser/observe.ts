/** @file Observes a document and the frames in it: one evaluation each. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { ObservationFormat } from "../core/observation.ts";
import { withDeadline } from "./with-deadline.ts";
import { DocumentGone, mainDocument } from "./page-world.ts";
import type { PageDocument } from "./page-world.ts";
import type { PageSnapshot } from "./page/listing.ts";
import type { Edges } from "./page/geometry.ts";
import type { Window } from "./page/main.ts";
import type { SettleOptions } from "./page/settle.ts";

/** Where an element of an observation lives. */
export interface ElementTarget {
  document: PageDocument;
  /** Its position in the document's own list. */
  index: number;
}

export interface ObservedDocument {
  snapshot: PageSnapshot;
  /** One for each element of `snapshot`. */
  targets: ElementTarget[];
  /** What never stops changing in it. */
  noise: string[];
  /** Milliseconds that reading it took, without the wait until it was quiet. */
  readMs: number;
}

const FRAME_DEPTH = 3;
/** How long a frame may take to answer. */
const FRAME_MS = 3000;
const QUIET_FRAME: SettleOptions = {
  quietMs: 0,
  maxMs: 1500,
  awaitActivityMs: 0,
  forgetNavigation: true,
  noise: [],
};

/** Where a document is in the page: its corner in the page's pixels, how many frames it is in, and its window. */
interface Offset {
  dx: number;
  dy: number;
  depth: number;
  window: Window;
}

/** `null`: the document is about to be replaced. Rejects if it is replaced meanwhile. */
export async function observeDocument(
  page: Page,
  format: ObservationFormat,
  view: Edges,
  settle: SettleOptions,
): Promise<ObservedDocument | null> {
  const window: Window = { seen: view, frameWidth: null };
  return observeIn(await mainDocument(page), format, settle, { dx: 0, dy: 0, depth: 0, window });
}

async function observeIn(
  document: PageDocument,
  format: ObservationFormat,
  settle: SettleOptions,
  at: Offset,
): Promise<ObservedDocument | null> {
  const from = performance.now();
  const settled = await document.call("observe", format, at.window, settle);
  if (!settled) return null;
  const { settledMs, noise, ...snapshot } = settled;
  const readMs = () => Math.max(0, performance.now() - from - settledMs);
  const { dx, dy } = at;
  const { scale } = snapshot;
  const targets = snapshot.elements.map((_, index): ElementTarget => ({ document, index }));
  for (const element of snapshot.elements) {
    const [left, top, width, height] = element.box.map((pixels) => Math.round(pixels * scale));
    element.box = [left! + dx, top! + dy, width!, height!];
  }
  if (snapshot.frames.length === 0 || at.depth >= FRAME_DEPTH) {
    snapshot.lines = snapshot.lines.filter((line) => !line.includes("\uE002"));
    return { snapshot, targets, noise, readMs: readMs() };
  }
  const frames = snapshot.frames.map(({ box }, index) =>
    observeFrame(document, index, format, offsetOf(box, at, scale)),
  );
  const joined = joinFrames({ snapshot, targets }, await Promise.all(frames));
  return { ...joined, noise, readMs: readMs() };
}

/** The offset of a frame. `box`: its content box, in pixels of the document that it is in. */
function offsetOf(box: Edges, at: Offset, scale: number): Offset {
  const { seen } = at.window;
  const [left, top, right, bottom] = box.map((edge) => edge * scale) as Edges;
  return {
    dx: at.dx + left,
    dy: at.dy + top,
    depth: at.depth + 1,
    window: {
      seen: [
        Math.max(seen[0] - left, 0),
        Math.max(seen[1] - top, 0),
        Math.min(seen[2] - left, right - left),
        Math.min(seen[3] - top, bottom - top),
      ],
      frameWidth: right - left,
    },
  };
}

/** `null` for a frame that does not answer: the page around it is still the page, and so are the other frames. */
async function observeFrame(
  outer: PageDocument,
  index: number,
  format: ObservationFormat,
  at: Offset,
): Promise<ObservedDocument | null> {
  const end = performance.now() + FRAME_MS;
  for (;;) {
    const look = outer.frame(index).then((frame) => frame && observeIn(frame, format, QUIET_FRAME, at));
    try {
      const seen = await withDeadline(look, end - performance.now());
      if (seen) return seen;
    } catch (error) {
      if (outer.gone) throw error;
      if (!(error instanceof DocumentGone)) return null;
    }
    // The document is being replaced: the next one may be there at once.
    if (performance.now() > end - FRAME_MS / 2) return null;
    await sleep(50);
  }
}

type Content = Pick<ObservedDocument, "snapshot" | "targets">;

/** Puts the lines and elements of frames where their marks are, so that elements stay in document order. */
function joinFrames(outer: Content, inner: (Content | null)[]): Content {
  const { snapshot } = outer;
  const joined: Content = {
    snapshot: { ...snapshot, lines: [], elements: [], frames: [], focused: null },
    targets: [],
  };
  const add = (from: Content, index: number): number => {
    const position = joined.targets.length;
    joined.snapshot.elements.push(from.snapshot.elements[index]!);
    joined.targets.push(from.targets[index]!);
    if (from.snapshot.focused === index) joined.snapshot.focused = position;
    return position;
  };
  const copy = (from: Content, line: string) =>
    line.replace(/\uE000(\d+)\uE001/g, (_, index: string) => `\uE000${add(from, Number(index))}\uE001`);
  for (const line of snapshot.lines) {
    const mark = /\uE002(\d+)\uE001/.exec(line);
    if (!mark) {
      joined.snapshot.lines.push(copy(outer, line));
      continue;
    }
    const content = inner[Number(mark[1])];
    const indent = line.slice(0, mark.index);
    for (const innerLine of content?.snapshot.lines ?? ["(a frame that cannot be read)"])
      joined.snapshot.lines.push(`${indent}${content ? copy(content, innerLine) : innerLine}`);
  }
  return joined;
}
