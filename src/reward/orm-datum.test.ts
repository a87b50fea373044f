import { describe, expect, it } from "vitest";
import { answerTokens } from "../text/prompt.ts";
import { createFakeTokenizer } from "../testing/fake-engine.ts";
import { ormLoss, ormQuestions } from "./orm-datum.ts";

const tokenizer = createFakeTokenizer();
const answers = answerTokens(tokenizer);
const input = {
  instruction: "Star the project Book Lender",
  responses: ['do(action="Click", element="link Bookbinder")', 'exit(message="")'],
  page: "A page that writes <|eot_id|> itself",
  success: 0 as const,
};
const options = { tokenizer, contextTokens: 2000, template: "compact" as const, answers };

describe("the questions to the reward model", () => {
  it("are asked at the end of each action and after the page", () => {
    const { datum, labels } = ormQuestions({ ...input, fits: [0, 0] }, options);
    expect(labels).toEqual([0, 0, 0]);
    expect(datum.targets_N).toEqual([0, 0, 0].flatMap(() => [answers.yes, answers.no]));
    const before = (n: number) => tokenizer.decode(datum.tokens_T.slice(0, datum.positions_N[2 * n]! + 1));
    expect(before(0).endsWith('link Bookbinder")<|eot_id|>')).toBe(true);
    expect(before(1).endsWith('exit(message="")<|eot_id|>')).toBe(true);
    expect(datum.positions_N[4]).toBe(datum.tokens_T.length - 1);
  });

  it("are the verdict alone where actions have no labels, in the paper's layout, and where rounds were dropped", () => {
    expect(ormQuestions(input, options).labels).toEqual([0]);
    expect(ormQuestions({ ...input, fits: [1, 0] }, { ...options, template: "paper" }).labels).toEqual([0]);
    const long = { ...input, responses: Array.from({ length: 60 }, () => "x".repeat(40)) };
    expect(ormQuestions({ ...long, fits: long.responses.map(() => 1) }, options).labels).toEqual([0]);
  });
});

describe("the reward model's loss", () => {
  const labels = [[1, 0, 0], [1]] as const;
  const rows = [Float32Array.of(-1, -2, -0.5, -1.5, -2, -0.3), Float32Array.of(-0.7, -0.9)];
  const loss = ormLoss(labels, [2, 1]);
  if (typeof loss === "string") throw new Error("a custom loss");

  it("gives the verdict its example's weight and all actions together half of it", () => {
    const nll = (z: number, label: number) => Math.log1p(Math.exp(label === 1 ? -z : z));
    // z: 1, 1, −1.7 and 0.2; weights 2/4, 2/4, 2 and 1; two examples.
    const wanted = (0.5 * nll(1, 1) + 0.5 * nll(1, 0) + 2 * nll(-1.7, 0) + nll(0.2, 1)) / 2;
    expect(loss(rows).loss).toBeCloseTo(wanted, 5);
  });

  it("has the gradient that finite differences say", () => {
    const { gradients_BN } = loss(rows);
    rows.forEach((row, b) =>
      row.forEach((value, n) => {
        const moved = (by: number) =>
          loss(rows.map((r, i) => (i === b ? r.map((v, j) => (j === n ? value + by : v)) : r))).loss;
        expect(gradients_BN[b]![n]!).toBeCloseTo((moved(1e-2) - moved(-1e-2)) / 2e-2, 3);
      }),
    );
  });
});
