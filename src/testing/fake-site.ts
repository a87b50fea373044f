/**
 * @file A small world without a browser: a shop of a few shelves. Its pages are real `compact` observations, its tasks
 * have a truth, and tests can cause faults. For tests of everything above a site.
 */

import type { Action, ActionError, ParsedAction } from "../core/action.ts";
import type { Episode, Site, StartOptions, TimeStep } from "../core/episode.ts";
import { Fault, invariant } from "../core/errors.ts";
import type { FaultCode } from "../core/errors.ts";
import type { ObservedElement, Observation } from "../core/observation.ts";
import { createRng } from "../core/rng.ts";
import type { Split, Task } from "../core/task.ts";
import type { Ending, Verdict } from "../core/trajectory.ts";

/** Faults that the fake site causes on request. */
export interface FakeSiteOptions {
  /** Called before every action; a code makes the episode end `faulted`. `step` counts from 0. */
  faultAt?(task: Task, seed: number, step: number): FaultCode | null;
  /** Called at every start; a code makes `start` throw a `Fault`. */
  failStart?(task: Task, seed: number): FaultCode | null;
}

const HOST = "shop.fake.test";
const ITEMS = ["Lamp", "Kettle", "Scarf", "Globe", "Teapot", "Anvil", "Whistle", "Ladder"];
/** Prices are the same in every episode; the order of the shelf depends on the seed. */
const priceOf = (item: string) => 5 + 3 * ITEMS.indexOf(item);

/** `price`: open an item and say its price (2 steps). `basket`: put an item into the basket (3 steps). */
export function fakeTasks(split?: Split): Task[] {
  const kinds = [
    { kind: "price", phrase: (item: string) => `What is the price of the ${item}?`, difficulty: 2 },
    { kind: "basket", phrase: (item: string) => `Put the ${item} into the basket.`, difficulty: 3 },
  ];
  const tasks = kinds.flatMap(({ kind, phrase, difficulty }) =>
    ITEMS.map((item, index): Task => ({
      id: `fake.${kind}/${index}`,
      sites: ["fake"],
      instruction: phrase(item),
      startUrl: `http://${HOST}/`,
      templateId: `fake.${kind}`,
      params: { item },
      category: kind === "price" ? "information retrieval" : "shopping",
      difficulty,
      split: index < 5 ? "train" : index < 6 ? "validation" : "test",
    })),
  );
  return split ? tasks.filter((task) => task.split === split) : tasks;
}

/** The actions that solve a task of {@link fakeTasks}. */
export function fakeOracle(task: Task): Action[] {
  const item = String(task.params["item"]);
  const open: Action = { kind: "click", element: `link ${item}` };
  return task.templateId === "fake.price"
    ? [open, { kind: "exit", message: `$${priceOf(item)}` }]
    : [open, { kind: "click", element: "button Add to basket" }, { kind: "exit", message: "" }];
}

/** A site without a browser: a few pages, real episodes, faults on request. */
export function createFakeSite(options: FakeSiteOptions = {}): Site & {
  /** Episodes that were started and not disposed. */
  readonly open: number;
} {
  let open = 0;
  return {
    name: "fake",
    get open() {
      return open;
    },
    start: async (task: Task, start: StartOptions) => {
      start.signal?.throwIfAborted();
      const code = options.failStart?.(task, start.seed) ?? null;
      if (code) throw new Fault(code, "the fake site was told to fail", { retryable: true });
      open++;
      return new FakeEpisode(task, start.seed, options, () => open--);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

type Page = { kind: "home" } | { kind: "item"; item: string } | { kind: "basket" };

class FakeEpisode implements Episode {
  readonly task: Task;
  readonly first: Observation;
  readonly #seed: number;
  readonly #options: FakeSiteOptions;
  readonly #onDispose: () => void;
  readonly #shelf: string[];
  #history: Page[] = [{ kind: "home" }];
  #basket: string[] = [];
  #steps = 0;
  #state: "running" | "ended" | "disposed" = "running";

  constructor(task: Task, seed: number, options: FakeSiteOptions, onDispose: () => void) {
    this.task = task;
    this.#seed = seed;
    this.#options = options;
    this.#onDispose = onDispose;
    this.#shelf = createRng(seed).fork(task.id).shuffle(ITEMS);
    this.first = this.#observe(null);
  }

  async step(parsed: ParsedAction, options: { signal?: AbortSignal } = {}): Promise<TimeStep> {
    invariant(this.#state === "running", `step on an episode that is ${this.#state}`);
    options.signal?.throwIfAborted();
    const code = this.#options.faultAt?.(this.task, this.#seed, this.#steps++) ?? null;
    if (code) return this.#end({ kind: "faulted", code, message: "the fake site was told to fail" });
    if (!parsed.ok) return { kind: "mid", observation: this.#observe(parsed.error) };
    if (parsed.action.kind === "exit")
      return this.#end({ kind: "terminated", reason: "exit", answer: parsed.action.message });
    return { kind: "mid", observation: this.#observe(this.#act(parsed.action)) };
  }

  async screenshot(): Promise<Uint8Array> {
    // A PNG of one transparent pixel.
    const pixel =
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    return Buffer.from(pixel, "base64");
  }

  async verify(answer: string | null): Promise<Verdict | null> {
    invariant(this.#state !== "disposed", "verify after disposal");
    const { templateId, params } = this.task;
    if (!templateId?.startsWith("fake.")) return null;
    const item = String(params["item"]);
    const basket = templateId === "fake.basket" ? [item] : [];
    const reasons: string[] = [];
    if (templateId === "fake.price" && answer?.replace("$", "") !== String(priceOf(item)))
      reasons.push(`expected $${priceOf(item)}, got ${JSON.stringify(answer)}`);
    if (this.#basket.join() !== basket.join())
      reasons.push(`expected the basket [${basket.join()}], got [${this.#basket.join()}]`);
    const success = reasons.length === 0;
    return { by: "verifier", success, probability: success ? 1 : 0, reasons };
  }

  countBlockedHosts(): Record<string, number> {
    return {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state !== "disposed") this.#onDispose();
    this.#state = "disposed";
  }

  #end(ending: Ending): TimeStep {
    this.#state = "ended";
    return { kind: "last", observation: ending.kind === "faulted" ? null : this.#observe(null), ending };
  }

  #act(action: Exclude<Action, { kind: "exit" }>): ActionError | null {
    if (action.kind === "go_backward") {
      if (this.#history.length > 1) this.#history.pop();
      return null;
    }
    if (action.kind === "switch_tab" && action.tab !== 0)
      return { code: "not_actionable", message: `there is no tab ${action.tab}` };
    if (!("element" in action) || action.element === undefined) return null;
    const element = this.#elements().find((e) => e.name === action.element);
    if (!element) return { code: "unknown_element", message: `no element "${action.element}" on this page` };
    switch (action.kind) {
      case "type":
      case "search":
      case "select":
      case "insert":
      case "select_options":
        return { code: "not_actionable", message: `"${action.element}" is not a field` };
      case "click":
      case "double_click":
        break;
      default:
        return null;
    }
    const page = this.#history.at(-1)!;
    if (element.label === "Home") this.#history.push({ kind: "home" });
    else if (element.label === "Basket") this.#history.push({ kind: "basket" });
    else if (element.role === "link") this.#history.push({ kind: "item", item: element.label });
    else if (page.kind === "item") this.#basket.push(page.item);
    return null;
  }

  #elements(): ObservedElement[] {
    const page = this.#history.at(-1)!;
    const names: [role: string, label: string][] = [
      ["link", "Home"],
      ["link", "Basket"],
      ...(page.kind === "home" ? this.#shelf.map((item): [string, string] => ["link", item]) : []),
      ...(page.kind === "item" ? ([["button", "Add to basket"]] as [string, string][]) : []),
    ];
    return names.map(([role, label], index) => ({
      name: `${role} ${label}`,
      role,
      label,
      box: [20, 20 + 30 * index, 200, 24],
    }));
  }

  #observe(error: ActionError | null): Observation {
    const page = this.#history.at(-1)!;
    const title = page.kind === "home" ? "Fake shop" : page.kind === "item" ? page.item : "Basket";
    const path =
      page.kind === "item" ? `/items/${page.item.toLowerCase()}` : page.kind === "basket" ? "/basket" : "/";
    const elements = this.#elements();
    const shown = elements.map((e) => `[${e.name}]`);
    const body =
      page.kind === "item"
        ? [page.item, `Price | $${priceOf(page.item)}`, shown[2]]
        : page.kind === "basket"
          ? ["Basket", ...(this.#basket.length > 0 ? this.#basket : ["The basket is empty."])]
          : ["Shelf", ...shown.slice(2)];
    const lines = [
      title,
      `${HOST}${path}`,
      ...(error ? [`error: ${error.message}`] : []),
      "---",
      shown.slice(0, 2).join(" "),
      ...body,
    ];
    return {
      format: "compact",
      url: `http://${HOST}${path}`,
      title,
      tabs: [{ title, url: `http://${HOST}${path}`, active: true }],
      scroll: { top: 0, viewport: 720, page: 720 },
      focused: null,
      error,
      text: lines.join("\n"),
      elements,
    };
  }
}
