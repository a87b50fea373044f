import { describe, expect, it } from "vitest";
import type { ObservedElement } from "../core/observation.ts";
import { findElement } from "./lookup.ts";
import type { ElementTarget } from "./observe.ts";

const names = [
  "link Orders",
  "button Buy",
  "button Buy #2",
  "textbox Name",
  "link A = B",
  "button Caf\u00e9 cr\u00e8me",
  "link Don\u2019t stop",
  "pane Log",
];
const observation = {
  format: "compact" as const,
  elements: names.map((name): ObservedElement => ({ name, role: "", label: "", box: [0, 0, 1, 1] })),
};
const targets = names.map((_, index) => ({ index }) as ElementTarget);
const found = (written: string) => {
  const result = findElement(written, observation, targets);
  return "target" in result ? result.name : result.code;
};

describe("findElement", () => {
  it.each([
    ["link Orders", "link Orders"],
    ["[link Orders]", "link Orders"],
    [" LINK  orders ", "link Orders"],
    ["textbox Name = Ann", "textbox Name"],
    ["[textbox Name; disabled]", "textbox Name"],
    ["link A = B", "link A = B"],
    ["button buy #2", "button Buy #2"],
    ["button Cafe\u0301 cre\u0300me", "button Caf\u00e9 cr\u00e8me"],
    ["button Caf\u00e9\u00a0cr\u00e8\u00adme\u200b", "button Caf\u00e9 cr\u00e8me"],
    ["link Don't stop", "link Don\u2019t stop"],
    ["[pane Log; more below]", "pane Log"],
    ["Orders", "unknown_element"],
    ["button Buy #3", "unknown_element"],
    ["", "unknown_element"],
  ])("%j is %j", (written, expected) => {
    expect(found(written)).toBe(expected);
  });
});
