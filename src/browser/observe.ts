/** @file Observes a document and the frames in it: one evaluation each. */

import type { Page } from "playwright-core";
import type { ObservationFormat } from "../core/observation.ts";
import { bounded } from "./bounded.ts";
import { mainDocument } from "./page-world.ts";
import type { PageDocument } from "./page-world.ts";
import type { PageSnapshot } from "./page/compact.ts";
import type { Edges } from "./page/geometry.ts";
import type { SettleOptions } from "./page/settle.ts";

/** Where an element of an observation lives. */
export interface ElementTarget {
  document: PageDocument;
  /** Its position in the document's own list. */
  index: number;
  /** Offset of the frame's viewport in the page's. */
  dx: number;
  dy: number;
}

export interface ObservedDocument {
  snapshot: PageSnapshot;
  /** One for each element of `snapshot`. */
  targets: ElementTarget[];
  /** What changes in it for ever. */
  noise: string[];
  /** Milliseconds that reading it took, without the wait until it was quiet. */
  readMs: number;
}

const FRAME_DEPTH = 3;
const QUIET_FRAME: SettleOptions = {
  quietMs: 0,
  maxMs: 1500,
  awaitActivityMs: 0,
  forgetNavigation: true,
  noise: [],
};

/** `null`: the document is about to be replaced. Rejects if it is replaced meanwhile. */
export async function observeDocument(
  page: Page,
  format: ObservationFormat,
  view: Edges,
  settle: SettleOptions,
): Promise<ObservedDocument | null> {
  return observeFrame(await mainDocument(page), format, view, settle, { dx: 0, dy: 0, depth: 0 });
}

async function observeFrame(
  document: PageDocument,
  format: ObservationFormat,
  view: Edges,
  settle: SettleOptions,
  at: { dx: number; dy: number; depth: number },
): Promise<ObservedDocument | null> {
  const from = performance.now();
  const settled = await document.call("observe", format, view, settle);
  if (!settled) return null;
  const { settledMs, noise, ...snapshot } = settled;
  const readMs = () => Math.max(0, performance.now() - from - settledMs);
  const targets = snapshot.elements.map((_, index): ElementTarget => ({
    document,
    index,
    dx: at.dx,
    dy: at.dy,
  }));
  for (const element of snapshot.elements)
    element.box = [element.box[0] + at.dx, element.box[1] + at.dy, element.box[2], element.box[3]];
  if (snapshot.frames.length === 0 || at.depth >= FRAME_DEPTH) {
    snapshot.lines = snapshot.lines.filter((line) => !line.includes("\uE002"));
    return { snapshot, targets, noise, readMs: readMs() };
  }
  const inner = await Promise.all(
    snapshot.frames.map(async (box, index): Promise<ObservedDocument | null> => {
      const child = await document.frame(index);
      if (!child) return null;
      const [left, top, right, bottom] = box;
      const seen: Edges = [
        Math.max(view[0] - left, 0),
        Math.max(view[1] - top, 0),
        Math.min(view[2] - left, right - left),
        Math.min(view[3] - top, bottom - top),
      ];
      const offset = { dx: at.dx + left, dy: at.dy + top, depth: at.depth + 1 };
      return bounded(observeFrame(child, format, seen, QUIET_FRAME, offset), 3000);
    }),
  ).catch((error: unknown) => {
    // A frame that is being replaced or does not answer is left out; the page around it is still the page.
    if (document.gone) throw error;
    return snapshot.frames.map(() => null);
  });
  const joined = joinFrames({ snapshot, targets }, inner);
  return { ...joined, noise, readMs: readMs() };
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
    for (const innerLine of content?.snapshot.lines ?? ["(a frame that cannot be read)"])
      joined.snapshot.lines.push(content ? copy(content, innerLine) : innerLine);
  }
  return joined;
}
