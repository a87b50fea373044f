import { describe, expect, test } from "vitest";
import { Fault } from "../../core/errors.ts";
import { createAnswerJudge } from "./judge.ts";

describe("the judge's contract", () => {
  const saying = (...texts: string[]) => {
    let calls = 0;
    return createAnswerJudge({
      name: "fake",
      chat: async () => ({ text: texts[Math.min(calls++, texts.length - 1)]!, stop: "stop" as const }),
    });
  };

  test("partial is not correct, and only the last line counts", async () => {
    const grade = (text: string) => saying(text).sameAnswer("q", "r", "a");
    expect(await grade("Correct")).toBe(true);
    expect(await grade("Nothing is incorrect here.\nAnswer: correct")).toBe(true);
    expect(await grade("Answer: partially correct")).toBe(false);
    expect(await grade("It looks correct at first.\nAnswer: incorrect")).toBe(false);
    expect(await saying("Answer: same").sameReason("q", "r", "a")).toBe(true);
    expect(await saying("Not the same. Answer: different").sameReason("q", "r", "a")).toBe(false);
  });

  test("what is unclear is asked again once, then it is a fault", async () => {
    expect(await saying("hm", "Answer: correct").sameAnswer("q", "r", "a")).toBe(true);
    await expect(saying("the answer is correct, so").sameAnswer("q", "r", "a")).rejects.toThrow(Fault);
    const cut = createAnswerJudge({
      name: "fake",
      chat: async () => ({ text: "Answer: correct", stop: "length" as const }),
    });
    await expect(cut.sameAnswer("q", "r", "a")).rejects.toMatchObject({ code: "judge_failed" });
  });
});

test("as published a judge's reply is read by the words in it, strictly by its last line", async () => {
  const judges = (["published", "strict"] as const).map((evaluator) =>
    createAnswerJudge(
      { name: "fake", chat: async () => ({ text: "I say it is correct.", stop: "stop" }) },
      evaluator,
    ),
  );
  expect(await judges[0]!.sameAnswer("q", "r", "a")).toBe(true);
  await expect(judges[1]!.sameAnswer("q", "r", "a")).rejects.toThrow(Fault);
});
