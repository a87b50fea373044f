/**
 * @file Where the page script lives: an isolated world of every document. It shares the document with the page, and no
 * name, prototype or timer: nothing that a page's scripts define or replace reaches it, and they cannot see it.
 */

import { randomBytes } from "node:crypto";
import type { CDPSession, Frame, Page } from "playwright-core";
import { invariant } from "../core/errors.ts";
import { BUNDLE_NAME, loadPageScript } from "./page-bundle.ts";
import type { PageApi } from "./page/main.ts";

/** Name of the world, and of the page script in it. */
const WORLD = `webrl_${randomBytes(8).toString("hex")}`;

/** The document that a frame had when it was looked up. */
export interface PageDocument {
  /** It has been replaced, or its frame has been removed. Calls reject then. */
  readonly gone: boolean;
  /** Calls the page script. */
  call<K extends keyof PageApi>(
    name: K,
    ...args: Parameters<PageApi[K]>
  ): Promise<Awaited<ReturnType<PageApi[K]>>>;
  /** The document in a frame of its last observation; `null` if the frame has gone. */
  frame(index: number): Promise<PageDocument | null>;
}

const worlds = new WeakMap<Page, Promise<PageWorld>>();

/** The worlds of a page, for as long as it is open. */
export function openPageWorld(page: Page): Promise<PageWorld> {
  let world = worlds.get(page);
  if (!world) {
    worlds.set(page, (world = PageWorld.open(page)));
    // Whoever needs it asks for it again.
    world.catch(() => worlds.delete(page));
  }
  return world;
}

/** The document of the page itself. */
export async function mainDocument(page: Page): Promise<PageDocument> {
  return (await openPageWorld(page)).main();
}

/** All documents of a page. Frames whose site has a process of its own have a session of their own. */
class PageWorld {
  readonly #page: Page;
  readonly #root: FrameSession;
  readonly #others = new Map<Frame, FrameSession>();

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
      get gone() {
        return !session.has(context);
      },
      call: (name, ...args) => session.call(context, name, args),
      frame: async (index) => {
        const id = await session.idOfFrame(context, index);
        return id === null ? null : this.#find(session, id);
      },
    };
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
      if (context.name === WORLD && frameId) this.#contexts.set(frameId, context.uniqueId);
    });
    session.on("Runtime.executionContextDestroyed", ({ executionContextUniqueId }) => {
      for (const [frameId, id] of this.#contexts)
        if (id === executionContextUniqueId) this.#contexts.delete(frameId);
    });
    session.on("Runtime.executionContextsCleared", () => this.#contexts.clear());
  }

  static async open(page: Page, of: Page | Frame): Promise<FrameSession> {
    const [session, bundle] = await Promise.all([page.context().newCDPSession(of), loadPageScript()]);
    // A window may outlive its first, empty document.
    const source = `(() => { ${bundle}; Object.defineProperty(globalThis, "${WORLD}", { value: ${BUNDLE_NAME}, configurable: true }); })();`;
    const opened = new FrameSession(page, session, source);
    const [, , , { frameTree }, { targetInfo }] = await Promise.all([
      session.send("Page.enable"),
      session.send("Page.addScriptToEvaluateOnNewDocument", { source, worldName: WORLD }),
      session.send("Runtime.enable"),
      session.send("Page.getFrameTree"),
      session.send("Target.getTargetInfo"),
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

  /** The world of a frame's present document. */
  async contextOf(frameId: string): Promise<string> {
    const known = this.#contexts.get(frameId);
    if (known !== undefined) return known;
    await this.#answer(this.#session.send("Page.createIsolatedWorld", { frameId, worldName: WORLD }));
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
      // A document that was there before the session was.
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

/** The document went away while it was looked at. */
export class DocumentGone extends Error {
  override readonly name = "DocumentGone";
  constructor(options?: ErrorOptions) {
    super("the document has been replaced", options);
  }
}
