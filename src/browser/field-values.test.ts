import { expect, it } from "vitest";
import { fieldValue, sliderValue } from "./field-values.ts";

const value = (type: string, text: string) => {
  const read = fieldValue(type, text);
  return "value" in read ? read.value : null;
};

it.each([
  ["2026-03-12", "2026-03-12"],
  ["2026/3/12", "2026-03-12"],
  ["20260312", "2026-03-12"],
  ["March 12, 2026", "2026-03-12"],
  ["Mar. 12 2026", "2026-03-12"],
  ["Thursday, 12th of March 2026", "2026-03-12"],
  ["12-Mar-2026", "2026-03-12"],
  ["3/31/2026", "2026-03-31"],
  ["31.3.2026", "2026-03-31"],
  ["05/05/2026", "2026-05-05"],
  ["Sept 9, 2026", "2026-09-09"],
  [" ", ""],
])("reads %j as a date", (text, date) => {
  expect(value("date", text)).toBe(date);
});

it("refuses a date that may be two, and names both", () => {
  expect(fieldValue("date", "12/03/2026")).toEqual({
    why: "may mean 2026-12-03 or 2026-03-12: write one of them",
  });
  expect(fieldValue("datetime-local", "12.03.2026 2 pm")).toEqual({
    why: "may mean 2026-12-03 14:00 or 2026-03-12 14:00: write one of them",
  });
});

it.each([
  "tomorrow",
  "March 12",
  "12/03/26",
  "2026-02-30",
  "31/31/2026",
  "Foo 3, 2026",
  "202631",
  "2026-0312",
])("says what a date looks like for %j", (text) => {
  expect(fieldValue("date", text)).toEqual({ why: "takes a value such as 2026-03-16" });
});

it.each([
  ["time", "14:30", "14:30"],
  ["time", "2:30 pm", "14:30"],
  ["time", "2:30P.M.", "14:30"],
  ["time", "12 am", "00:00"],
  ["time", "noon", "12:00"],
  ["time", "9:05:07", "09:05:07"],
  ["time", "25:00", null],
  ["time", "13 pm", null],
  ["time", "14", null],
  ["datetime-local", "2026-03-16T14:30", "2026-03-16T14:30"],
  ["datetime-local", "March 16, 2026 at 2:30 pm", "2026-03-16T14:30"],
  ["datetime-local", "2026-03-16", null],
  ["month", "March 2026", "2026-03"],
  ["month", "3/2026", "2026-03"],
  ["month", "2026-13", null],
  ["week", "2026-W09", "2026-W09"],
  ["week", "week 9, 2026", "2026-W09"],
  ["week", "2026-W54", null],
  ["color", "#F80", "#ff8800"],
  ["color", "Red", "red"],
  ["color", "rgb(1, 2, 3)", "rgb(1, 2, 3)"],
  ["color", "dark; red", null],
])("reads %s %j as %j", (type, text, expected) => {
  expect(value(type, text)).toBe(expected);
});

it("reads a slider's number or share, within its range", () => {
  expect(sliderValue("70", 0, 100)).toEqual({ value: 70 });
  expect(sliderValue("50%", 0, 200)).toEqual({ value: 100 });
  expect(sliderValue("-0,5", -1, 1)).toEqual({ value: -0.5 });
  expect(sliderValue("11", 0, 10)).toEqual({ why: "takes a number from 0 to 10" });
  expect(sliderValue("loud", 0, 10)).toEqual({ why: "takes a number from 0 to 10" });
});
