import fc from "fast-check";
import { expect, test } from "vitest";
import type { Trajectory } from "../core/trajectory.ts";
import { createFakeTokenizer } from "../testing/fake-engine.ts";
import { fitOrmPrompt, ormInput, ormPrompt, ormPromptText, releasedOrmPrompt } from "./prompt-orm.ts";
import type { PromptTemplate } from "./template-names.ts";

const tokenizer = createFakeTokenizer();
const input = {
  instruction: " Find the price ",
  responses: ['# Note: it costs $5\ndo(action="Scroll Down")\n', 'exit(message="$5")'],
  page: "Lamp $5\n",
};

test("the paper's layout is that of the released checkpoint", () => {
  const text = ormPromptText({ ...input, tokenizer }, "paper");
  const [system, user] = text.split("<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n");
  expect(system!.startsWith("<|start_header_id|>system<|end_header_id|>\n\nYou are an expert")).toBe(true);
  expect(system!.match(/’/g)).toHaveLength(2);
  // Reference §5: actions on one line each, then an empty line.
  expect(user).toBe(
    "The User Intent:\nFind the price\n\nAction History:\n" +
      '# Note: it costs $5; do(action="Scroll Down")\nexit(message="$5")\n\nThe Current Screenshot:\nLamp $5' +
      "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
  );
  expect(ormPrompt({ ...input, tokenizer, contextTokens: 10_000, template: "paper" })).toEqual([
    tokenizer.idOf("<|begin_of_text|>"),
    ...tokenizer.encode(text),
  ]);
  expect(releasedOrmPrompt(input, (page) => page)).toBe(text);
});

test("the compact template says the same in less than a third of the tokens", () => {
  const length = (template: PromptTemplate) =>
    ormPrompt({ ...input, tokenizer, contextTokens: 10_000, template }).length;
  expect(length("compact") * 3).toBeLessThan(length("paper"));
});

test("a long page or history never costs the instruction, the answer's action or the cue", () => {
  fc.assert(
    fc.property(
      fc.nat(3000),
      fc.array(fc.nat(300), { maxLength: 10 }),
      fc.constantFrom<PromptTemplate>("paper", "compact"),
      (pageLength, lengths, template) => {
        const fitted = fitOrmPrompt({
          tokenizer,
          instruction: "Find the price",
          responses: [...lengths.map((n) => "a".repeat(n)), "exit $5"],
          page: "p".repeat(pageLength),
          contextTokens: 800,
          template,
        });
        const printed = tokenizer.decode(fitted.tokens_T);
        expect(fitted.tokens_T.length).toBeLessThan(800);
        expect(printed).toContain("Find the price");
        expect(printed).toContain(template === "paper" ? "exit $5\n" : "exit $5<|eot_id|>");
        expect(printed).toContain("p".repeat(Math.min(pageLength, 1)));
        expect(printed.endsWith(template === "paper" ? "<|end_header_id|>\n\n" : "YES or NO:\n")).toBe(true);
      },
    ),
  );
});

test("the ORM reads the page after the last action, and the last seen page after a fault", () => {
  const page = (text: string) => ({ text }) as Trajectory["finalObservation"] & object;
  const trajectory = {
    task: { instruction: "Go" },
    steps: [
      { observation: page("one"), response: "a" },
      { observation: page("two"), response: "b" },
    ],
    finalObservation: page("three"),
  } as unknown as Trajectory;
  expect(ormInput(trajectory)).toEqual({ instruction: "Go", responses: ["a", "b"], page: "three" });
  expect(ormInput({ ...trajectory, finalObservation: null }).page).toBe("two");
});
