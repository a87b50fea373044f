import { describe, expect, it } from "vitest";
import { spaceValues, spaceWords, unspaceValues } from "./spacing.ts";

describe("spacing of the compact template", () => {
  it("gives every word a space before it", () => {
    expect(spaceWords('Open "Oak lamp" (2 left)\nquentin | $4')).toBe(
      ' Open " Oak lamp" ( 2 left)\n quentin | $4',
    );
  });

  it("leaves element names as they stand on the page", () => {
    const action = 'do(action="Search", argument="Oak lamp", element="textbox Search")';
    expect(spaceValues(action)).toBe('do(action="Search", argument=" Oak lamp", element="textbox Search")');
  });

  it("is undone on what a model wrote, and applied once only", () => {
    for (const text of [
      'exit(message="$4.00")',
      'exit(message="")',
      'do(action="Type", argument="a b", element="x")',
    ]) {
      expect(unspaceValues(spaceValues(text))).toBe(text);
      expect(spaceValues(spaceValues(text))).toBe(spaceValues(text));
    }
  });
});
