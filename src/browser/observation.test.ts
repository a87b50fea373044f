import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compactNames } from "./observation.ts";

describe("compactNames", () => {
  it("numbers repeats from the second on", () => {
    const element = (role: string, label: string) => ({ role, label });
    expect(
      compactNames([
        element("link", "Buy"),
        element("link", "Buy"),
        element("button", ""),
        element("link", "Buy #2"),
        element("button", ""),
      ]),
    ).toEqual(["link Buy", "link Buy #2", "button", "link Buy #2 #2", "button #2"]);
  });

  it("never gives one name twice", () => {
    const label = fc.constantFrom("", "a", "a #2", "a #2 #2", "a #3", "b");
    fc.assert(
      fc.property(fc.array(fc.record({ role: fc.constantFrom("link", "link a"), label })), (elements) => {
        const names = compactNames(elements);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});
