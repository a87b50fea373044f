import { describe, expect, it } from "vitest";
import { createRng } from "../core/rng.ts";
import type { Observation } from "../core/observation.ts";
import { parseAction } from "../text/action.ts";
import { makeDrills, pageQuestions } from "./drills.ts";

const observation: Observation = {
  format: "compact",
  url: "http://shop.webrl.test/orders",
  title: "Orders",
  tabs: [],
  scroll: { top: 0, viewport: 720, page: 720 },
  focused: null,
  error: null,
  text: [
    "Orders",
    "shop.webrl.test/orders",
    "---",
    "[link Home] [textbox Search]",
    "Order | Total | Status",
    "[link Order 12] | $4.00 | Shipped",
    "[link Order 13] | $9.50 | Pending",
  ].join("\n"),
  elements: [
    { name: "link Home", role: "link", label: "Home", box: [0, 0, 1, 1] },
    { name: "textbox Search", role: "textbox", label: "Search", box: [0, 0, 1, 1] },
    { name: "link Order 12", role: "link", label: "Order 12", box: [0, 0, 1, 1] },
    { name: "link Order 13", role: "link", label: "Order 13", box: [0, 0, 1, 1] },
  ],
};
const createPhrases = (texts: readonly string[]) => {
  let at = 0;
  return () => texts[at++ % texts.length]!;
};
const options = () => ({ count: 60, phrase: () => "oak lamp", elsewhere: [], rng: createRng(1) });

describe("drills", () => {
  it("name only elements of the page and answer only with its cells", () => {
    const names = new Set(observation.elements.map((e) => e.name));
    const cells = new Set(["$4.00", "Shipped", "$9.50", "Pending"]);
    const drills = makeDrills(observation, options());
    expect(drills.length).toBe(60);
    for (const drill of drills) {
      const parsed = parseAction(drill.response);
      if (!parsed.ok) throw new Error(parsed.error.message);
      if (parsed.action.kind === "exit") expect(cells).toContain(parsed.action.message);
      else if ("element" in parsed.action) expect(names).toContain(parsed.action.element);
    }
  });

  it("read the cell in the asked column of the asked row", () => {
    const reads = makeDrills(observation, options()).filter((d) => /status of Order 13/i.test(d.instruction));
    expect(reads.length).toBeGreaterThan(0);
    for (const drill of reads) expect(drill.response).toBe('exit(message="Pending")');
  });

  it("are the same for the same seed", () => {
    expect(makeDrills(observation, options())).toEqual(makeDrills(observation, options()));
  });

  it("are empty if the page has nothing to do", () => {
    expect(makeDrills({ ...observation, elements: [], text: "Empty\nx\n---\nNothing" }, options())).toEqual(
      [],
    );
  });
});

describe("questions about a page", () => {
  const questions = pageQuestions(observation, {
    count: 60,
    phrase: createPhrases(["oak lamp", "red desk lamp", "elm chair"]),
    rng: createRng(2),
  });
  const right = (instruction: string, response: string) => {
    const parsed = parseAction(response);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const { action } = parsed;
    if (action.kind === "search" || action.kind === "type")
      return new RegExp(`(?:Search for|Look up|Find) ${action.text}\\.`).test(instruction);
    if (action.kind === "click")
      return instruction.toLowerCase().includes(action.element.replace("link ", "").toLowerCase());
    if (action.kind !== "exit") throw new Error(`a ${action.kind}`);
    const row = /Order 1[23]/.exec(instruction)?.[0];
    const cells = { "Order 12": ["$4.00", "Shipped"], "Order 13": ["$9.50", "Pending"] }[row ?? ""] ?? [];
    return action.message === cells[/status/i.test(instruction) ? 1 : 0];
  };

  it("say of each response whether it does what is asked", () => {
    const judged = questions.map(({ fits }) => fits);
    expect(judged.filter((fits) => !fits).length).toBeGreaterThan(10);
    expect(judged.filter((fits) => fits).length).toBeGreaterThan(30);
    for (const { instruction, response, fits } of questions)
      expect([instruction, response, right(instruction, response)]).toEqual([instruction, response, fits]);
  });

  it("spoil a text to type by a word, too", () => {
    const searches = questions.filter((q) => !q.fits && q.response.includes('"Search"'));
    expect(searches.length).toBeGreaterThan(0);
  });
});
