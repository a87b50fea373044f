/** @file Does the work of an extraction: page after page, the rows of each, and what the items' own pages say. */

import { ConfigError, Fault } from "../../core/errors.ts";
import { explainSignedOut, PageBrowser, TRIES } from "./browse.ts";
import { DETAIL_SAMPLES, learnDetail, readDetail } from "./detail.ts";
import type { DetailRule } from "./detail.ts";
import { learnLayout, explainNoMatch, readByLayout } from "./layout.ts";
import type { Layout, PageReading, ReadRecord } from "./layout.ts";
import type { ExtractContext, ExtractEnd, ExtractOptions, ExtractSummary } from "./options.ts";
import type { ExtractEvent, Output } from "./output.ts";
import { noOutput, openOutput } from "./output.ts";
import { countOn, findNext } from "./pages.ts";
import type { Next } from "./pages.ts";
import { findGroups } from "./records.ts";
import { createPace } from "./robots.ts";
import { identityOf, linkOf, markOf, rowOf, sourceOf } from "./row.ts";
import type { ExtractedRow } from "./row.ts";
import type { Field, RowSchema } from "./schema.ts";
import { elementsIn, partsOf, walk } from "./tree.ts";
import type { PageNode, PageTree } from "./tree.ts";

/** The most layouts to learn: a site that needs more is not one list. */
const MOST_LAYOUTS = 20;
/** A list has ended after this many pages in a row without anything new. */
const STALE_PAGES = 2;

interface PendingRow {
  row: ExtractedRow;
  mark: string;
  link: string | null;
}

export class Work {
  readonly #instruction: string;
  readonly #schema: RowSchema;
  readonly #context: ExtractContext;
  readonly #options: ExtractOptions;
  readonly #browser: PageBrowser;
  readonly #layouts: Layout[] = [];
  #detail: DetailRule | null | undefined;
  readonly #seen = new Set<string>();
  readonly #visited = new Set<string>();
  /** Rows of pages reached by clicks that wait until their items' pages can be opened. */
  #pending: PendingRow[] = [];
  /** Rows of a page were left out because there were enough. */
  #cut = false;
  /** How often the page was lost since something new was read. */
  #losses = 0;
  /** The largest number of rows on a page so far. */
  #most = 0;
  #hadNext = false;
  #output: Output = noOutput();
  #from = performance.now();
  #callsBefore = 0;
  readonly summary: ExtractSummary = {
    rows: 0,
    pages: 0,
    duplicates: 0,
    leftOut: 0,
    modelCalls: 0,
    usage: null,
    layouts: 0,
    requests: 0,
    seconds: 0,
    skipped: [],
    unread: [],
    ended: null,
  };

  constructor(instruction: string, schema: RowSchema, context: ExtractContext, options: ExtractOptions) {
    this.#instruction = instruction;
    this.#schema = schema;
    this.#context = context;
    this.#options = options;
    const { rate = context.isForeign ? 1 : null, robots = context.isForeign } = options;
    this.#browser = new PageBrowser({
      session: context.session,
      pace: createPace(rate),
      robots,
      onTrouble: options.onTrouble ?? (() => {}),
      signal: options.signal,
    });
  }

  get #fields(): readonly Field[] {
    return this.#schema.fields;
  }

  async *run(): AsyncGenerator<ExtractedRow> {
    this.#from = performance.now();
    this.#callsBefore = this.#context.reader.calls;
    const start = startOf(this.#options.start, this.#context.session.page.url);
    const { out, key = [] } = this.#options;
    const head = {
      instruction: this.#instruction,
      schema: this.#schema.json,
      site: this.#context.siteName,
      start,
      key,
    };
    const names = this.#fields.map(({ name }) => name);
    await using output = out === undefined ? noOutput() : await openOutput(out, head, names);
    this.#output = output;
    const { earlier } = output;
    for (const mark of earlier.marks) this.#seen.add(mark);
    this.#layouts.push(...earlier.layouts);
    this.#detail = earlier.detail;
    this.summary.rows = earlier.rows.length;
    yield* earlier.rows;
    if (earlier.ended !== null) {
      this.#end(earlier.ended as ExtractEnd);
      return;
    }
    yield* this.#pages(start, earlier.last);
    this.#note();
  }

  async *#pages(start: string, last: Output["earlier"]["last"]): AsyncGenerator<ExtractedRow> {
    // A page reached by clicks cannot be opened directly: the clicks are repeated from the page that was opened.
    let url: string | null = last === null ? start : (last.next ?? last.opened);
    let number = last === null ? 1 : last.next === null ? last.number - last.clicks : last.number + 1;
    let replay = last === null || last.next !== null ? 0 : last.clicks + 1;
    let clicks = 0;
    let stale = 0;
    let tree: PageTree | null = null;
    let opened = start;
    let stays = last === null && this.#options.start === undefined;
    for (;;) {
      if (this.#isOver(number)) break;
      if (url !== null) {
        const page = await (stays ? this.#browser.stay(url) : this.#browser.open(url));
        stays = false;
        if ("refused" in page) {
          this.summary.skipped.push({ url, reason: page.refused });
          if (number === 1)
            throw new ConfigError(
              `${url} may not be read: ${page.refused}`,
              page.refused.includes("robots.txt")
                ? "Start elsewhere, or ignore robots.txt if the site is yours (--no-robots, robots: false)."
                : "Start elsewhere, or make sure that the site answers and lets the agent in.",
            );
          yield* this.#finish("refused");
          return;
        }
        tree = page.tree;
        opened = url;
        clicks = 0;
        this.#visited.add(addressOf(url)).add(addressOf(tree.url));
      }
      const reading = await this.#readPage(tree!, number);
      this.summary.pages++;
      const before = this.#seen.size;
      const fresh = reading ? this.#takeNew(tree!, reading) : [];
      this.summary.leftOut += reading?.leftOut ?? 0;
      if (this.#seen.size > before) this.#losses = 0;
      stale = replay > 0 || this.#seen.size > before ? 0 : stale + 1;
      replay = Math.max(0, replay - 1);
      const next = await this.#next(tree!, reading, number, url !== null || this.#seen.size > before);
      this.#pending.push(...fresh);
      // If the items' pages were opened now, the page with the next control would be lost.
      if (next?.kind !== "click" && next?.kind !== "scroll") yield* this.#give();
      else if (!this.#needsDetails()) yield* this.#give();
      const nextUrl = next?.kind === "open" ? next.url : null;
      // The next call reads a page again if some of its rows were left out for lack of room.
      if (!this.#cut)
        this.#output.append({ kind: "extract/page", number, url: tree!.url, opened, next: nextUrl, clicks });
      this.#note();
      if (this.#isFull()) break;
      if (next === null) {
        yield* this.#finish("end of the list");
        return;
      }
      if (stale >= STALE_PAGES || (nextUrl !== null && this.#visited.has(addressOf(nextUrl)))) {
        yield* this.#finish("pages repeat");
        return;
      }
      number++;
      url = nextUrl;
      if (next.kind === "click" || next.kind === "scroll") {
        const further = await this.#goOn(tree!, opened, next);
        if (further === null) {
          yield* this.#finish("end of the list");
          return;
        }
        if (further === "lost") {
          url = opened;
          number -= clicks + 1;
          replay = clicks + 1;
          continue;
        }
        tree = further;
        clicks++;
      }
    }
    yield* this.#give();
    this.#end(this.#isFull() ? "max rows" : this.#isLate() ? "max time" : "max pages", false);
  }

  /**
   * The list after a click or a scroll; `null`: it does not continue; `lost`: the world broke, and what was opened by
   * clicks is closed again.
   */
  async #goOn(
    { root }: PageTree,
    opened: string,
    next: Extract<Next, { kind: "click" }> | { kind: "scroll" },
  ): Promise<PageTree | "lost" | null> {
    const browser = this.#browser;
    try {
      if (next.kind === "scroll") await browser.scrollToEnd();
      else if (!(await browser.click(next.name, next.top))) return null;
      let tree = await browser.read();
      // The next rows may still be loading.
      if (sameText(root, tree.root)) tree = await browser.readAgain();
      if (!sameText(root, tree.root)) return tree;
      await browser.assertSignedIn(opened);
      return null;
    } catch (error) {
      if (!(error instanceof Fault) || ++this.#losses >= TRIES) throw error;
      this.#options.onTrouble?.(`opening the list again to continue: ${error.message}`);
      return "lost";
    }
  }

  async *#finish(reason: ExtractEnd): AsyncGenerator<ExtractedRow> {
    yield* this.#give();
    if (this.summary.rows === 0 && this.summary.ended === null) this.#end(reason, false);
    else this.#end(reason, reason !== "refused");
  }

  /** `forGood`: the next call has nothing to do. A limit of the call does not end the list. */
  #end(reason: ExtractEnd, forGood = false): void {
    this.summary.ended = reason;
    if (forGood) this.#output.append({ kind: "extract/ended", reason });
    this.#note();
  }

  #note(): void {
    const { reader } = this.#context;
    Object.assign(this.summary, {
      modelCalls: reader.calls - this.#callsBefore,
      usage: reader.usage,
      layouts: this.#layouts.length,
      requests: this.#browser.requests,
      seconds: (performance.now() - this.#from) / 1000,
      unread: this.#fields
        .map(({ name }) => name)
        .filter(
          (name) =>
            !this.#layouts.some(({ lists }) => lists.some(({ fields }) => name in fields)) &&
            !(this.#detail && name in this.#detail.fields),
        ),
    });
    this.#options.onProgress?.(this.summary);
  }

  #isFull = (): boolean => this.summary.rows >= (this.#options.maxRows ?? Infinity);
  #isLate = (): boolean => performance.now() - this.#from > (this.#options.maxMinutes ?? Infinity) * 60_000;

  #isOver(number: number): boolean {
    this.#options.signal?.throwIfAborted();
    return this.#isFull() || this.#isLate() || number > (this.#options.maxPages ?? Infinity);
  }

  /** A page's rows, read by a known layout or by one that is learned from the page. */
  async #readPage(tree: PageTree, number: number): Promise<PageReading | null> {
    const groups = findGroups(tree.root);
    const worth = (reading: PageReading) =>
      reading.rows.reduce(
        (sum, { fields }) => sum + Object.values(fields).filter(({ value }) => value !== null).length,
        0,
      );
    const known = this.#layouts
      .flatMap((layout) => readByLayout(tree, layout, this.#fields, groups) ?? [])
      .toSorted((a, b) => worth(b) - worth(a))[0];
    const few = known !== undefined && known.rows.length < 0.6 * this.#most;
    if (known && !few) {
      this.#most = Math.max(this.#most, known.rows.length);
      return known;
    }
    if (asksToSignIn(tree)) throw explainSignedOut(tree.url);
    // A page with fewer rows than others may have more of them in another layout; the last page simply has fewer.
    const isLast = findNext(tree, new Set(known?.rows.map(({ record }) => record.node)), number) === null;
    if ((known && isLast) || this.#layouts.length >= MOST_LAYOUTS) return known ?? null;
    const taken = elementsIn(known?.rows.map(({ record }) => record.node) ?? []);
    const layout = await learnLayout(tree, { ...this.#collectLearning(), fields: this.#fields }, taken);
    this.#note();
    if (layout === null) {
      if (known) return known;
      if (number === 1 && this.#layouts.length === 0)
        throw explainNoMatch(tree, this.#fields, this.#instruction);
      this.summary.skipped.push({ url: tree.url, reason: "none of its lists matches what was asked" });
      return null;
    }
    const reading = readByLayout(tree, layout, this.#fields, groups);
    if (!reading) return known ?? null;
    this.#layouts.push(layout);
    this.#output.append({ kind: "extract/layout", layout });
    const all = {
      rows: [...(known?.rows ?? []), ...reading.rows],
      leftOut: (known?.leftOut ?? 0) + reading.leftOut,
    };
    this.#most = Math.max(this.#most, all.rows.length);
    return all;
  }

  #collectLearning() {
    return { reader: this.#context.reader, instruction: this.#instruction, signal: this.#options.signal };
  }

  #takeNew(tree: PageTree, reading: PageReading): PendingRow[] {
    return reading.rows.flatMap((read: ReadRecord) => {
      const row = rowOf(tree, read, this.#fields);
      const link = linkOf(read.record.node, tree.url);
      const mark = markOf(identityOf(row.row, this.#options.key ?? [], link));
      if (this.#seen.has(mark)) {
        this.summary.duplicates++;
        return [];
      }
      this.#seen.add(mark);
      return [{ row, mark, link }];
    });
  }

  async #next(
    tree: PageTree,
    reading: PageReading | null,
    number: number,
    grew: boolean,
  ): Promise<Next | { kind: "scroll" } | null> {
    const rows = new Set<PageNode>(reading?.rows.flatMap(({ record }) => partsOf(record.node)));
    const shown = findNext(tree, rows, number);
    if (shown) {
      this.#hadNext = true;
      return shown;
    }
    if (this.#hadNext || reading === null) return null;
    const counted = countOn(tree.url, reading.rows.length);
    if (counted !== null) return { kind: "open", url: counted };
    return grew ? { kind: "scroll" } : null;
  }

  #needsDetails(): boolean {
    return this.#options.details !== false && this.#detail !== null && this.#findMissing().length > 0;
  }

  /** The fields that no list has. */
  #findMissing(): Field[] {
    const lists = this.#layouts.flatMap((layout) => layout.lists);
    return this.#fields.filter(({ name }) => !lists.some(({ fields }) => name in fields));
  }

  /** Writes and yields the waiting rows, with what their items' pages say. */
  async *#give(): AsyncGenerator<ExtractedRow> {
    const rows = this.#pending;
    this.#pending = [];
    const trees = new Map<PendingRow, PageTree>();
    if (this.#needsDetails() && this.#detail === undefined) await this.#learnDetail(rows, trees);
    const withDetails = this.#needsDetails() && this.#detail !== null && this.#detail !== undefined;
    const ready: PendingRow[] = [];
    for (const row of rows) {
      this.#cut = this.summary.rows + ready.length >= (this.#options.maxRows ?? Infinity);
      if (this.#cut) break;
      if (withDetails && row.link !== null) await this.#addDetail(row, trees.get(row));
      ready.push(row);
      // Each page costs time, so its result is kept at once.
      if (withDetails) yield* this.#write(ready.splice(0));
    }
    yield* this.#write(ready);
  }

  *#write(rows: readonly PendingRow[]): Generator<ExtractedRow> {
    if (rows.length === 0) return;
    const event: ExtractEvent = {
      kind: "extract/rows",
      rows: rows.map(({ row }) => row),
      marks: rows.map(({ mark }) => mark),
    };
    this.#output.append(event);
    this.summary.rows += rows.length;
    this.#note();
    yield* event.rows;
  }

  async #learnDetail(rows: readonly PendingRow[], trees: Map<PendingRow, PageTree>): Promise<void> {
    for (const row of rows.filter(({ link }) => link !== null).slice(0, DETAIL_SAMPLES)) {
      const page = await this.#browser.open(row.link!);
      if ("tree" in page && page.tree.status < 400) trees.set(row, page.tree);
    }
    const learned = [...trees.values()];
    if (learned.length === 0) return;
    this.#detail = await learnDetail(learned, { ...this.#collectLearning(), fields: this.#findMissing() });
    this.#output.append({ kind: "extract/detail", detail: this.#detail });
  }

  async #addDetail({ row, link }: PendingRow, known: PageTree | undefined): Promise<void> {
    const page = known ? { tree: known } : await this.#browser.open(link!);
    const say = (reason: string) => {
      this.summary.skipped.push({ url: link!, reason });
      row.notes.push(`${link!} was not read: ${reason}`);
    };
    if ("refused" in page) return say(page.refused);
    const readings = Object.entries(readDetail(page.tree, this.#detail!, this.#findMissing()));
    const saysNothing = readings.every(([, { value }]) => value === null);
    if (page.tree.status >= 400) return say(`the site answers with status ${page.tree.status}`);
    if (saysNothing && asksToSignIn(page.tree)) return say("it asks to sign in");
    for (const [name, reading] of readings) {
      row.row[name] = reading.value;
      row.sources[name] = sourceOf(page.tree, reading);
      if (reading.note !== null) row.notes.push(`${name}: ${reading.note}`);
    }
  }
}

function startOf(start: string | undefined, here: string): string {
  if (start === undefined) return here;
  if (URL.canParse(start, here)) return new URL(start, here).href;
  throw new ConfigError(
    `the start ${JSON.stringify(start)} is neither a path nor an address`,
    "Write it like /reviews?page=1.",
  );
}

/** The address without the part that only scripts read. */
const addressOf = (url: string): string => url.replace(/#.*$/, "");

const allText = (node: PageNode): string =>
  node.children.map((child) => (typeof child === "string" ? child : allText(child))).join(" ");

const sameText = (a: PageNode, b: PageNode): boolean => allText(a) === allText(b);

/** A page with a password field and nothing that was looked for. */
const asksToSignIn = (tree: PageTree): boolean =>
  tree.status === 401 ||
  [...walk(tree.root)].some(({ tag, attributes }) => tag === "input" && attributes["type"] === "password");
