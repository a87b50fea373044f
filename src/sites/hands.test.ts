import { expect, test } from "vitest";
import type { ObservedElement, Observation, ObservationFormat } from "../core/observation.ts";
import { click, find, hover, selectText, wordsOf } from "./hands.ts";

const element = (name: string, role: string, label: string): ObservedElement => ({
  name,
  role,
  label,
  box: [0, 0, 9, 9],
});
const page = (format: ObservationFormat, text: string, elements: ObservedElement[] = []): Observation => ({
  format,
  url: "http://x/",
  title: "Bee walk",
  tabs: [],
  scroll: { top: 0, viewport: 9, page: 9 },
  focused: null,
  error: null,
  text,
  elements,
});

test("a page says the same words in every observation format", () => {
  const compact = page(
    "compact",
    "Bee walk\n127.0.0.1:1/\nscroll 1 of 2\n---\nBee walk\n[clickable event = selected]\nLed by: [link Greta Palomar]\nMeets at: Gate & hedge | 3 = 2 + 1",
  );
  const webrl = page(
    "webrl",
    '<html> <h2 data-text="Bee walk"> Bee walk </h2> <button id="1"> event </button> <p> Led by: <a id="2"> Greta Palomar </a> </p> <p> Meets at: Gate &amp; hedge | 3 = 2 + 1 </p> </html>',
  );
  const aria = page(
    "aria",
    'Bee walk\n127.0.0.1:1/\n---\n- article\n  - heading [level=2]: Bee walk\n  - clickable "event" [ref=15] [collapsed]\n  - paragraph\n    - text: Led by:\n    - link "Greta Palomar" [ref=16]\n  - paragraph: Meets at: Gate & hedge | 3 = 2 + 1',
  );
  for (const each of [compact, webrl, aria])
    expect(wordsOf(each)).toBe("Bee walk event Led by: Greta Palomar Meets at: Gate & hedge | 3 = 2 + 1");
});

test("in the format webrl, what stands after a link or a break is read from `data-text`", () => {
  const letter = '<p data-text="Led by,since 2019." data-bbox="0,0,9,9"> Led by <a id="1"> Greta </a> </p>';
  expect(wordsOf(page("webrl", letter))).toBe("Led by,since 2019. Greta");
  const whom = "Lena Amaro <lena@readers.example>";
  const address = `<p data-text="From:" data-bbox="0,0,9,9"> From: </p> <a id="1" data-text="${whom}" data-bbox="0,0,9,9"> ${whom} </a>`;
  expect(wordsOf(page("webrl", address))).toContain(`From: ${whom}`);
});

test("in the format aria, a text of one word is not a role", () => {
  const aria = page("aria", "Desk\n127.0.0.1:1/\n---\n- text: Status:\n- text: open\n- table\n  - cell: new");
  expect(wordsOf(aria)).toBe("Status: open new");
});

test("the n-th of those that are called the same is found, and what is missing is named", () => {
  const three = page("compact", "", [
    element("button Edit", "button", "Edit"),
    element("link Edit", "link", "Edit"),
    element("button Edit #2", "button", "Edit"),
  ]);
  expect(click(three, "button", "Edit", 2)).toEqual({ kind: "click", element: "button Edit #2" });
  expect(hover(three, "link", "Edit")).toEqual({ kind: "hover", element: "link Edit" });
  expect(selectText("words", find(three, "link", /^ed/i))).toEqual({
    kind: "select_text",
    text: "words",
    element: "link Edit",
  });
  expect(() => find(three, "button", "Edit", 3)).toThrow(
    /no button Edit \(number 3\).*there are: button "Edit"/,
  );
});

test("in the format webrl a drawing stands for the button that it is in, and nowhere else", () => {
  const drawing = [element("1", "img", "new note")];
  expect(click(page("webrl", "", drawing), "button", "new note")).toEqual({ kind: "click", element: "1" });
  expect(click(page("webrl", "", drawing), "link", /^new/)).toEqual({ kind: "click", element: "1" });
  expect(() => click(page("webrl", "", drawing), "textbox", /^new/)).toThrow(/no textbox/);
  expect(() => click(page("aria", "", drawing), "button", "new note")).toThrow(/no button new note/);
});
