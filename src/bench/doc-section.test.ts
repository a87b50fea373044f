import { expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { withSection } from "./doc-section.ts";

const PAGE = `# Results

<!-- bench a -->

old

<!-- end of bench a -->

By hand.
`;

it("a benchmark writes between its marks and nowhere else", () => {
  const page = withSection(PAGE, "a", "new\n", "results.md");
  expect(page).toBe(PAGE.replace("old", "new"));
  expect(withSection(page, "a", "new", "results.md")).toBe(page);
});

it("one that has no part yet gets one at the end", () => {
  const page = withSection(PAGE, "b", "more", "results.md");
  expect(page).toBe(`${PAGE}\n<!-- bench b -->\n\nmore\n\n<!-- end of bench b -->\n`);
});

it("marks that do not belong together are refused, and nothing is written over", () => {
  const broken = PAGE.replace("<!-- end of bench a -->", "");
  expect(() => withSection(broken, "a", "new", "results.md")).toThrow(ConfigError);
  expect(() => withSection(`<!-- end of bench a -->\n${broken}`, "a", "new", "results.md")).toThrow(
    /wrong order/,
  );
});
