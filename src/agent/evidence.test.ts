import { expect, test } from "vitest";
import type { Observation } from "../core/observation.ts";
import type { Step } from "../core/trajectory.ts";
import { parseAction } from "../text/action.ts";
import { findEvidence, isReport, unseenNumbers, wordsOf } from "./evidence.ts";

const page = (body: string): Observation => ({
  format: "compact",
  url: "http://shop.test/lamp",
  title: "Lamp",
  tabs: [],
  scroll: { top: 0, viewport: 720, page: 720 },
  focused: null,
  error: null,
  text: `Lamp\nshop.test/lamp\n---\n${body}`,
  elements: [],
});

const step = (index: number, body: string, response: string): Step => ({
  index,
  observation: page(body),
  response,
  action: parseAction(response),
});

const seen = (body: string) => ({ steps: [], finalObservation: page(body) });

test("numbers are the same in all their spellings", () => {
  expect(wordsOf("$1,234.50 and 1234.5")).toEqual(["1234.5", "and", "1234.5"]);
});

test.each([
  ["The lamp costs $12.50", "Alder lamp | price 12.50", true],
  ["It costs $12.51", "price 12.50", false],
  // One word may be the agent's own if most words are from the page.
  ["Brass desk lamp, apparently", "[link Brass desk lamp]", true],
  ["Ben Osei", "Requester | Tom Reyes", false],
  ["yes", "yes", false],
])("%s on %s: %s", (answer, body, supported) => {
  expect(findEvidence(answer, seen(body)).supported).toBe(supported);
});

test("that something is done is not an answer which a page could carry; yes is one", () => {
  const reports = ["Done.", "ok", "All done!", "Task completed", "The task has been completed.", "success"];
  expect(reports.filter((text) => !isReport(text))).toEqual([]);
  expect(["yes", "no", "Done: order 77", "done by Ann", "42", ""].filter(isReport)).toEqual([]);
});

test("a passage says which element carries the answer", () => {
  const { evidence } = findEvidence(
    "Oakhurst armchair",
    seen("[link Alder lamp] $50 [link Oakhurst armchair] $426"),
  );
  expect(evidence[0]!.passages[0]!.element).toBe("link Oakhurst armchair");
});

test("what the agent typed itself is not evidence", () => {
  const typed = step(0, "[textbox Note]", 'do(action="Type", argument="4711", element="textbox Note")');
  const trajectory = { steps: [typed], finalObservation: page("[textbox Note = 4711]") };
  expect(findEvidence("4711", trajectory)).toEqual({ supported: false, evidence: [] });
  expect(findEvidence("4711", { ...trajectory, steps: [] }).supported).toBe(true);
});

test("an answer may be put together from several pages", () => {
  const trajectory = {
    steps: [step(0, "Alder lamp | 12", "go_backward()")],
    finalObservation: page("Birch lamp | 15"),
  };
  const { supported, evidence } = findEvidence("Alder 12, Birch 15", trajectory);
  expect(supported).toBe(true);
  expect(evidence.map((each) => each.step)).toEqual([1, 0]);
});

test("numbers from nowhere are named: neither a page nor a known fact has them", () => {
  const trajectory = seen("Order 1361 | $185.95");
  expect(
    unseenNumbers("Order 1361 of $185.95 comes in 2 days, on 2026-12-01", trajectory, ["2 days"]),
  ).toEqual(["2026", "12", "01"]);
  expect(unseenNumbers("It is on its way", trajectory, [])).toEqual([]);
});
