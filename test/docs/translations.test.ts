/** Chinese pages have the headings, commands, pictures and links of the English ones, in their order. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

test.each([
  ["README.md", "README.zh-CN.md"],
  ["docs/tutorial.md", "docs/tutorial.zh-CN.md"],
])("%s and %s are in step", (english, chinese) => {
  const [one, other] = [skeleton(read(english)), skeleton(read(chinese))];
  expect(other).toEqual(one);
  expect(one.headings.length).toBeGreaterThan(5);
});

function skeleton(markdown: string) {
  const blocks = [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)];
  const prose = markdown.replaceAll(/^```[\s\S]*?^```/gm, "");
  return {
    // Level, and the number where there is one.
    headings: [...prose.matchAll(/^(#+) (\d+\.)?/gm)].map(([, level, number]) => `${level} ${number ?? ""}`),
    // What explains a command beside it is translated.
    blocks: blocks.map(([, , text]) =>
      text!
        .split("\n")
        .map((line) => (/^(webrl|npm|npx) /.test(line) ? line.replace(/ {2,}\S.*$/, "") : line))
        .join("\n"),
    ),
    pictures: [...prose.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, target]) => target),
    links: [...prose.matchAll(/(?<!!)\[[^\]]*\]\(([^)]+)\)/g)]
      .map(([, target]) => target!.replace(/(?:\.zh-CN)?\.md/, ".md"))
      .toSorted(),
    numbers: [...prose.matchAll(/[\d.]+%|[\d.]+(?= ±)|(?<=± )[\d.]+/g)].map(String).toSorted(),
    items: [...prose.matchAll(/^- /gm)].length,
    rows: [...prose.matchAll(/^\|/gm)].length,
  };
}
