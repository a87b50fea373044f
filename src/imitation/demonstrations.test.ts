import { describe, expect, it } from "vitest";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { parseAction } from "../text/action.ts";
import { imitationSamples, onSitesOf, renamedSamples } from "./demonstrations.ts";

const step = (index: number, text: string, response: string) => ({
  index,
  observation: {
    format: "compact" as const,
    url: "http://forge.webrl.test/projects",
    title: "Projects",
    tabs: [],
    scroll: { top: 0, viewport: 720, page: 720 },
    focused: null,
    error: null,
    text,
    elements: [],
  },
  response,
  action: parseAction(response),
});

const record = {
  id: "demo-0-0",
  trajectory: {
    id: "demo-0-0",
    task: {
      id: "forge.star/1",
      sites: ["forge"],
      instruction: "Star the project Book Lender, issue 1234.",
      startUrl: "http://forge.webrl.test/",
      templateId: "forge.star",
      params: { project: "Book Lender", issue: 1234 },
      category: "collaboration",
      difficulty: 2,
      split: "train",
    },
    policy: "oracle",
    seed: 1,
    steps: [
      step(
        0,
        "Projects\nforge.webrl.test/projects?q=Book+Lender\n---\n[link Book Lender] [link Bookbinder] 1234",
        'do(action="Click", element="link Book Lender")',
      ),
      step(1, "Book Lender\nx\n---\n[button Star]", 'exit(message="1234")'),
    ],
    ending: { kind: "terminated", reason: "exit", answer: "1234" },
    finalObservation: null,
    blockedHosts: {},
  },
  truth: { by: "verifier", success: true, probability: 1, reasons: [] },
  faults: [],
  mistakes: [],
  wallMs: 1,
} as unknown as EpisodeRecord;

describe("demonstrations that replay begins with", () => {
  it("are those on the sites that the run trains on", () => {
    const { task } = record.trajectory;
    const on = (...sites: string[]) => ({
      ...record,
      trajectory: { ...record.trajectory, task: { ...task, sites } },
    });
    const records = [record, on("map"), on("forge", "map")];
    expect(onSitesOf([task], records)).toEqual([record]);
    expect(onSitesOf([task, { ...task, sites: ["map"] }], records)).toEqual(records);
    expect(onSitesOf([{ ...task, sites: ["your-shop"] }], records)).toEqual([]);
  });
});

describe("renamed demonstrations", () => {
  const samples = renamedSamples([record], {
    copies: 40,
    questions: 0,
    seed: 3,
    retellings: (task) => [task.instruction],
  });

  it("exchange a name in instruction, page, address, history and action alike", () => {
    const renamed = samples.filter((s) => !s.instruction.includes("Book Lender"));
    expect(renamed.length).toBeGreaterThan(40);
    for (const sample of renamed) {
      const name = /^Star the project (.*), issue/.exec(sample.instruction)![1]!;
      expect(JSON.stringify(sample)).not.toContain("Book Lender");
      if (sample.history.length === 0) {
        expect(sample.observation).toContain(`?q=${name.replaceAll(" ", "+")}`);
        expect(sample.response).toBe(`do(action="Click", element="link ${name}")`);
        expect(sample.observation).toContain("[link Bookbinder]");
      } else expect(sample.history[0]!.response).toContain(`link ${name}"`);
    }
  });

  it("exchange numbers for numbers as long", () => {
    for (const sample of samples.filter((s) => s.history.length === 1)) {
      const number = /issue (\d+)\./.exec(sample.instruction)![1]!;
      expect(number).toHaveLength(4);
      expect(sample.response).toBe(`exit(message="${number}")`);
    }
  });

  it("are reported in the words given", () => {
    const told = renamedSamples([record], {
      copies: 20,
      questions: 0,
      seed: 3,
      retellings: () => ["Give a star to Book Lender, issue 1234.", "Star Book Lender; issue 1234"],
    });
    const starts = new Set(told.map((sample) => sample.instruction.slice(0, 4)));
    expect(starts).toEqual(new Set(["Give", "Star"]));
    // The turns of one episode have one instruction.
    for (let at = 0; at < told.length; at += 2) expect(told[at]!.instruction).toBe(told[at + 1]!.instruction);
  });

  it("keep some names, so that real ones are seen too", () => {
    expect(samples.some((s) => s.instruction.includes("Book Lender"))).toBe(true);
    expect(imitationSamples([record])).toHaveLength(2);
  });
});
