/**
 * @file Where the page script lives: an isolated world of every document. It shares the document with the page, but no
 * names, prototypes or timers: nothing that a page's scripts define or replace reaches it, and they cannot see it.
 */

import { randomBytes } from "node:crypto";
import type { BrowserContext, CDPSession, Frame, Page } from "playwright-core";
import { invariant } from "../core/errors.ts";
import { BUNDLE_NAME, loadPageScript } from "./page-bundle.ts";
import type { Clip } from "./page/clipboard.ts";
import type { Spot } from "./page/locate.ts";
import type { PageApi } from "./page/main.ts";

/** Name of the page script in its world, and of what it and `hook.ts` say to each other. */
const WORLD = `webrl_${randomBytes(8).toString("hex")}`;

/**
 * Playwright keeps an isolated world of its own in every document. The page script lives in the same one: another would
 * cost every document about 3 ms of processor time, and each of its messages is heard twice.
 */
const PLAYWRIGHTS = /^__playwright_utility_world/;

/** A function of the world, with which the page script reports what was copied. */
const COPIED = "webrlCopied";

/** The document that a frame had when it was looked up. */
export interface PageDocument {
  readonly page: Page;
  /** It has been replaced, or its frame has been removed. Calls reject then. */
  readonly gone: boolean;
  /** Calls the page script. */
  call<K extends keyof PageApi>(
    name: K,
    ...args: Parameters<PageApi[K]>
  ): Promise<Awaited<ReturnType<PageApi[K]>>>;
  /** The document in a frame of its last observation; `null` if the frame has gone. */
  frame(index: number): Promise<PageDocument | null>;
  /**
   * A point of the document's viewport in that of the page, through frames with borders, transforms and zoom; `null` if
   * something on the page around its frame covers it, or if the frame has gone. What covers a frame with a process of its
   * own is not looked for.
   */
  toPage(spot: Spot): Promise<Spot | null>;
}

/** Runs in the page's own world before its scripts: it records who listens, see `page/hook.ts`. */
export async function listenerHook(): Promise<string> {
  return `(() => { ${await loadPageScript("hook")}; ${BUNDLE_NAME}.recordListeners("${WORLD}"); ${BUNDLE_NAME}.hookCopying("${WORLD}"); ${BUNDLE_NAME}.hookClosedRoots(); })();`;
}

const worlds = new WeakMap<Page, Promise<PageWorld>>();

/** The worlds of a page, for as long as it is open. */
export function openPageWorld(page: Page): Promise<PageWorld> {
  let world = worlds.get(page);
  if (!world) {
    worlds.set(page, (world = PageWorld.open(page)));
    // Whoever needs the world asks for it again.
    world.catch(() => worlds.delete(page));
  }
  return world;
}

/** The document of the page itself. */
export async function mainDocument(page: Page): Promise<PageDocument> {
  return (await openPageWorld(page)).main();
}

/** All documents of a page that are known. */
export async function everyDocument(page: Page): Promise<PageDocument[]> {
  return (await openPageWorld(page)).all();
}

const askingForFiles = new WeakSet<Page>();

/** Whether a page has asked for a file, for which a person would be shown a dialog. This is reported once. */
export const takeFileQuestion = (page: Page): boolean => askingForFiles.delete(page);

const copied = new WeakMap<BrowserContext, Clip>();

/** What a page of the context copied last. */
export const clipOf = (context: BrowserContext): Clip => copied.get(context) ?? { text: "", html: "" };

/** All documents of a page. Frames whose site has a process of its own have a session of their own. */
class PageWorld {
  readonly #page: Page;
  readonly #root: FrameSession;
  readonly #others = new Map<Frame, FrameSession>();
  /** The session of the document around the root of another one. */
  readonly #around = new Map<FrameSession, FrameSession>();

  constructor(page: Page, root: FrameSession) {
    this.#page = page;
    this.#root = root;
  }

  static async open(page: Page): Promise<PageWorld> {
    return new PageWorld(page, await FrameSession.open(page, page));
  }

  /** The browser's own id of the context that the page belongs to. */
  get browserContextId(): string | undefined {
    return this.#root.browserContextId;
  }

  main(): Promise<PageDocument> {
    return this.#document(this.#root, this.#root.frameId);
  }

  async #document(session: FrameSession, frameId: string): Promise<PageDocument> {
    const context = await session.contextOf(frameId);
    return {
      page: this.#page,
      get gone() {
        return !session.has(context);
      },
      call: (name, ...args) => session.call(context, name, args),
      frame: async (index) => {
        const id = await session.idOfFrame(context, index);
        return id === null ? null : this.#find(session, id);
      },
      toPage: (spot) => this.#toPage(session, frameId, spot),
    };
  }

  async all(): Promise<PageDocument[]> {
    const sessions = [this.#root, ...this.#others.values()];
    const main = this.#root.frameId;
    // The page's own document comes first.
    return Promise.all(
      sessions.flatMap((session) =>
        session
          .frames()
          .toSorted((a, b) => Number(b === main) - Number(a === main))
          .map((id) => this.#document(session, id)),
      ),
    );
  }

  async #toPage(session: FrameSession, frameId: string, spot: Spot): Promise<Spot | null> {
    if (session === this.#root && frameId === session.frameId) return spot;
    let at = { session, frameId, spot };
    while (at.session !== this.#root || at.frameId !== this.#root.frameId) {
      const own = at.frameId === at.session.frameId;
      const outer = own ? this.#around.get(at.session) : at.session;
      const document = await this.#document(at.session, at.frameId);
      const moved = await outer?.fromFrame(at.frameId, await document.call("viewport"), at.spot);
      if (!outer || !moved) return null;
      at = { session: outer, frameId: outer.frameId, spot: moved };
    }
    // A frame with a process of its own is not looked into.
    if (session !== this.#root) return at.spot;
    const { left, top } = await (await this.main()).call("viewport");
    const found = await session.frameAt({ x: at.spot.x + left, y: at.spot.y + top });
    return found === frameId ? at.spot : null;
  }

  async #find(parent: FrameSession, frameId: string): Promise<PageDocument | null> {
    if (parent.knows(frameId)) return this.#document(parent, frameId);
    for (const frame of this.#page.frames()) {
      if (frame === this.#page.mainFrame()) continue;
      const session =
        this.#others.get(frame) ?? (await FrameSession.open(this.#page, frame).catch(() => null));
      // Most frames are in the process of the frame around them.
      if (!session) continue;
      this.#others.set(frame, session);
      if (session.frameId === frameId) this.#around.set(session, parent);
      if (session.frameId === frameId) return this.#document(session, frameId);
    }
    return this.#document(parent, frameId);
  }
}

/** A DevTools session with the documents that share a process and a root. */
class FrameSession {
  readonly #session: CDPSession;
  readonly #script: string;
  /** Unique ids of our worlds, by frame. */
  readonly #contexts = new Map<string, string>();
  /** The name of our world: Playwright's, or our own if Playwright shows none. */
  #world: string | null = null;
  /** Calls without an answer so far. */
  readonly #waiting = new Set<() => void>();
  frameId = "";
  browserContextId: string | undefined;

  private constructor(page: Page, session: CDPSession, script: string) {
    this.#session = session;
    this.#script = script;
    page.on("crash", () => {
      for (const crash of this.#waiting) crash();
    });
    session.on("Runtime.executionContextCreated", ({ context }) => {
      const { frameId } = (context.auxData ?? {}) as { frameId?: string };
      if (this.#world === null && PLAYWRIGHTS.test(context.name)) this.#world = context.name;
      if (context.name === this.#world && frameId) this.#contexts.set(frameId, context.uniqueId);
    });
    session.on("Runtime.executionContextDestroyed", ({ executionContextUniqueId }) => {
      for (const [frameId, id] of this.#contexts)
        if (id === executionContextUniqueId) this.#contexts.delete(frameId);
    });
    session.on("Runtime.executionContextsCleared", () => this.#contexts.clear());
    session.on("Page.fileChooserOpened", () => askingForFiles.add(page));
    session.on("Runtime.bindingCalled", ({ name, payload }) => {
      if (name === COPIED) copied.set(page.context(), JSON.parse(payload) as Clip);
    });
  }

  static async open(page: Page, of: Page | Frame): Promise<FrameSession> {
    const [session, bundle] = await Promise.all([page.context().newCDPSession(of), loadPageScript("main")]);
    // A window may outlive its first, empty document.
    const source = `(() => { ${bundle}; Object.defineProperty(globalThis, "${WORLD}", { value: ${BUNDLE_NAME}, configurable: true }); ${BUNDLE_NAME}.connectListeners("${WORLD}"); ${BUNDLE_NAME}.connectClipboard("${WORLD}"); })();`;
    const opened = new FrameSession(page, session, source);
    const [, , { frameTree }, { targetInfo }] = await Promise.all([
      session.send("Page.enable"),
      // Reports the worlds that already exist.
      session.send("Runtime.enable"),
      session.send("Page.getFrameTree"),
      session.send("Target.getTargetInfo"),
      session.send("Page.setInterceptFileChooserDialog", { enabled: true }),
    ]);
    const worldName = (opened.#world ??= WORLD);
    await Promise.all([
      session.send("Page.addScriptToEvaluateOnNewDocument", { source, worldName }),
      session.send("Runtime.addBinding", { name: COPIED, executionContextName: worldName }),
    ]);
    opened.frameId = frameTree.frame.id;
    opened.browserContextId = targetInfo.browserContextId;
    return opened;
  }

  has(context: string): boolean {
    return [...this.#contexts.values()].includes(context);
  }

  knows(frameId: string): boolean {
    return this.#contexts.has(frameId);
  }

  frames(): string[] {
    return [...this.#contexts.keys()];
  }

  /** A point of a frame, whose viewport has a size, in the viewport of this session. */
  async fromFrame(
    frameId: string,
    { width, height }: { width: number; height: number },
    { x, y }: Spot,
  ): Promise<Spot | null> {
    const { backendNodeId } = await this.#answer(this.#session.send("DOM.getFrameOwner", { frameId }));
    const { model } = await this.#answer(this.#session.send("DOM.getBoxModel", { backendNodeId }));
    // Corners, clockwise from the top left one, as they are drawn.
    const [x0, y0, x1, y1, , , x3, y3] = model.content as [
      number,
      number,
      number,
      number,
      0,
      0,
      number,
      number,
    ];
    const [across, down] = [x / width, y / height];
    return {
      x: x0 + across * (x1 - x0) + down * (x3 - x0),
      y: y0 + across * (y1 - y0) + down * (y3 - y0),
    };
  }

  /** The frame that shows at a point of this session's document, if it is in view. */
  async frameAt({ x, y }: Spot): Promise<string | null> {
    const at = { x: Math.round(x), y: Math.round(y) };
    const asked = this.#session.send("DOM.getNodeForLocation", at);
    const found = await asked.catch((error: unknown) => {
      if (/No node found/.test(String(error))) return null;
      throw error;
    });
    return found?.frameId ?? null;
  }

  /** The world of a frame's present document. */
  async contextOf(frameId: string): Promise<string> {
    const known = this.#contexts.get(frameId);
    if (known !== undefined) return known;
    const worldName = this.#world!;
    await this.#answer(this.#session.send("Page.createIsolatedWorld", { frameId, worldName }));
    const made = this.#contexts.get(frameId);
    if (made === undefined) throw new DocumentGone();
    return made;
  }

  async call<K extends keyof PageApi>(
    context: string,
    name: K,
    args: unknown[],
  ): Promise<Awaited<ReturnType<PageApi[K]>>> {
    const { value } = await this.#evaluate(context, `call(...${JSON.stringify([name, args])})`, true);
    return JSON.parse(value as string) as Awaited<ReturnType<PageApi[K]>>;
  }

  /** Id of a frame of the last observation. */
  async idOfFrame(context: string, index: number): Promise<string | null> {
    const { objectId } = await this.#evaluate(context, `frameElement(${index})`, false);
    if (objectId === undefined) return null;
    const { node } = await this.#answer(this.#session.send("DOM.describeNode", { objectId }));
    return node.frameId ?? null;
  }

  /** The value of an expression on the page script. */
  async #evaluate(context: string, expression: string, returnByValue: boolean) {
    for (let tried = false; ; tried = true) {
      const { result, exceptionDetails } = await this.#answer(
        this.#session.send("Runtime.evaluate", {
          expression: `globalThis.${WORLD}?.${expression}`,
          uniqueContextId: context,
          awaitPromise: true,
          returnByValue,
        }),
      );
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      if (result.type !== "undefined") return result;
      invariant(!tried, "the page script is in its world");
      // The document existed before the session did.
      await this.#answer(
        this.#session.send("Runtime.evaluate", { expression: this.#script, uniqueContextId: context }),
      );
    }
  }

  /** The session's answer. A crashed process gives none. */
  async #answer<T>(sent: Promise<T>): Promise<T> {
    let onCrash: (() => void) | undefined;
    const crash = new Promise<never>((_, reject) => {
      onCrash = () => reject(new Error("the page crashed"));
      this.#waiting.add(onCrash);
    });
    try {
      return await Promise.race([sent, crash]);
    } catch (error) {
      if (GONE.test(String(error))) throw new DocumentGone({ cause: error });
      throw error;
    } finally {
      this.#waiting.delete(onCrash!);
    }
  }
}

/** What Chromium says of a document, frame or world that has been replaced or removed. */
const GONE =
  /context was destroyed|Cannot find context|uniqueContextId not found|navigated or closed|Promise was collected|No frame (for|with) given id|Could not find (node|object)/i;

/** The document went away while it was being read. */
export class DocumentGone extends Error {
  override readonly name = "DocumentGone";
  constructor(options?: ErrorOptions) {
    super("the document has been replaced", options);
  }
}
