import { describe, expect, it } from "vitest";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { parseAction } from "../text/action.ts";
import { outcomeDrills } from "./outcome-drills.ts";

function demonstration(options: {
  instruction: string;
  params: Record<string, string>;
  turns: [page: string, response: string][];
}): EpisodeRecord {
  const { instruction, params, turns } = options;
  const observe = (text: string) => ({ text, elements: [] });
  return {
    id: "demo",
    trajectory: {
      id: "demo",
      task: { id: "t/1", sites: ["shop"], instruction, templateId: "t", params, split: "train" },
      policy: "oracle",
      seed: 1,
      steps: turns.map(([text, response], index) => ({
        index,
        observation: observe(text),
        response,
        action: parseAction(response),
      })),
      ending: { kind: "terminated", reason: "exit", answer: "" },
      finalObservation: observe(turns.at(-1)![0]),
      blockedHosts: {},
    },
    truth: { by: "verifier", success: true, probability: 1, reasons: [] },
    faults: [],
    mistakes: [],
    wallMs: 1,
  } as unknown as EpisodeRecord;
}

const rename = demonstration({
  instruction: 'Call the list Bookworm "Reading room".',
  params: { list: "Bookworm", name: "Reading room" },
  turns: [
    ["Lists\n[link Bookworm] [link Other]", 'do(action="Click", element="link Bookworm")'],
    [
      "Bookworm\n[textbox Name = Bookworm]",
      'do(action="Type", argument="Reading room", element="textbox Name")',
    ],
    ["Bookworm\n[textbox Name = Reading room]", 'do(action="Click", element="button Save")'],
    ["Reading room\nSaved", 'exit(message="")'],
  ],
});

const price = demonstration({
  instruction: "What does the Oak lamp cost?",
  params: { product: "Oak lamp" },
  turns: [["[link Oak lamp] | $24.00\n[link Elm lamp] | $31.00", 'exit(message="$24.00")']],
});

const drills = (record: EpisodeRecord) => outcomeDrills([record], { perDemonstration: 200, seed: 2 });
const successes = (record: EpisodeRecord) => drills(record).filter((drill) => drill.success === 1);
const failures = (record: EpisodeRecord) => drills(record).filter((drill) => drill.success === 0);
const namesOf = (instruction: string) => /^Call the list (.*) "(.*)"\.$/.exec(instruction)!.slice(1);

describe("outcome drills", () => {
  it("come in successes and failures, about half each, the same for the same seed", () => {
    expect(drills(rename)).toEqual(drills(rename));
    for (const record of [rename, price]) {
      expect(successes(record).length).toBeGreaterThan(80);
      expect(failures(record).length).toBeGreaterThan(40);
    }
  });

  it("successes do what their own instruction says, in any names", () => {
    const renamed = successes(rename).filter((drill) => !drill.instruction.includes("Reading room"));
    expect(renamed.length).toBeGreaterThan(20);
    for (const { instruction, responses, page } of successes(rename)) {
      const [list, name] = namesOf(instruction);
      expect(responses).toEqual([
        `do(action="Click", element="link ${list}")`,
        `do(action="Type", argument="${name}", element="textbox Name")`,
        'do(action="Click", element="button Save")',
        'exit(message="")',
      ]);
      expect(page).toBe(`${name}\nSaved`);
    }
    for (const { fits, responses } of successes(rename)) expect(fits).toEqual(responses.map(() => 1));
  });

  it("of a failure it is said from which action on it does not fit, where that is known", () => {
    for (const { instruction, responses, fits } of failures(rename)) {
      if (fits === undefined) continue;
      const [list, name] = namesOf(instruction);
      const wrong = responses.findIndex(
        (response, at) =>
          (at === 0 && response.includes("link") && !response.includes(`link ${list}"`)) ||
          (response.includes("argument=") && !response.includes(`argument="${name}"`)) ||
          response.startsWith("exit"),
      );
      expect(fits).toEqual(responses.map((_, at) => (at < wrong ? 1 : 0)));
    }
  });

  it("failures of a task without answer name something else, stop early or leave a value out", () => {
    const kinds = { wrongName: 0, cutShort: 0, leftOut: 0 };
    for (const { instruction, responses, page } of failures(rename)) {
      const [list, name] = namesOf(instruction);
      const text = responses.join("\n");
      if (!text.includes('"button Save"')) {
        kinds.cutShort += 1;
        expect(page).not.toContain("Saved");
      } else if (!text.includes('action="Type"')) kinds.leftOut += 1;
      else {
        kinds.wrongName += 1;
        expect(text.includes(`link ${list}"`) && text.includes(`argument="${name}"`)).toBe(false);
      }
    }
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(0);
  });

  it("failures of a question answer something else, or answer about something else", () => {
    const answers = new Set<string>();
    for (const { instruction, responses, page } of failures(price)) {
      const product = /the (.*) cost/.exec(instruction)![1]!;
      const answer = /message="(.*)"/.exec(responses[0]!)![1]!;
      answers.add(answer);
      expect(answer === "$24.00" && page.includes(`[link ${product}] | $24.00`)).toBe(false);
    }
    expect([...answers]).toEqual(expect.arrayContaining(["$31.00", "", "N/A"]));
  });

  it("nothing is made of a demonstration that failed", () => {
    const failed = { ...price, truth: { ...price.truth!, success: false } };
    expect(outcomeDrills([failed], { perDemonstration: 5, seed: 1 })).toEqual([]);
  });
});
