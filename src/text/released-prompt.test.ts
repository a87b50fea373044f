import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readReleasedPrompt, releasedPrompt } from "./released-prompt.ts";

const PAGES = new URL("../../../shared/data/webarena-lite/start_pages_simplified_html.json", import.meta.url);
const TURNS = ['# Element: x\ndo(action="Click", element="1")', 'do(action="Scroll Down")'];
const history = TURNS.map((response) => ({ response }));

/**
 * SHA-256 of what the official code makes, at the first turn and with TURNS behind:
 * `scripts/webarena/official_prompts.py`.
 */
const OFFICIAL = {
  cms: [
    "27f9f8332c15550b716463e2802e10e168e5ed34741cd52a087376f2bb735ef1",
    "bcf5250b681cdf2c78cedf6ed85f9f2d529da4e8800857477a21158909a88217",
  ],
  map: [
    "ec214dd21d025c617d3f0f0db4a1c8ca6f3774a4f8770e71ad1181e049cc98d0",
    "6cab6abed61baafb4b08d6a118c64d0368dd939c949d0b425ccc50e8c670832f",
  ],
  oss: [
    "54c1581570c62cb9c4cef4010b8892c59f1aa4d7ce05e160f2b2c9d4e5572acf",
    "079b3ce9a69f512c6f9b60250fc218703411ddc91be7b5b3a0e4bc8da03225f4",
  ],
  reddit: [
    "2b7d411fa328667cea7422433659679ec6969d223d05ddc854f875b2b569cd95",
    "549e53e925e80b20503340dcb1e89ebca5820b23bcbc1864f7c8784df6e91faa",
  ],
  gitlab: [
    "ad91001d0d5cc0052291dc406a2452c367f9b0561f1df5da78139f580404a54f",
    "b6d0e3b6e38ecafefab36bcb56fe85d3ba81635791bde2f81ef48777a496e50e",
  ],
};

test.skipIf(!existsSync(PAGES))(
  "prompts of the five published start pages are those of the official code, byte by byte",
  () => {
    const [pages] = JSON.parse(readFileSync(PAGES, "utf8")) as [Record<string, string>];
    const hash = (text: string) => createHash("sha256").update(text).digest("hex");
    const made = Object.entries(pages).map(([site, observation]) => [
      site,
      [[], history].map((past) =>
        hash(releasedPrompt({ instruction: "Find it", history: past, observation })),
      ),
    ]);
    expect(Object.fromEntries(made)).toEqual(OFFICIAL);
  },
);

test("a page too long is cut at its end, by characters with the past; a prompt is read again", () => {
  const observation = `<html> ${"x".repeat(20_000)}`;
  const prompt = releasedPrompt({ instruction: "Do it", history, observation });
  expect(prompt).not.toContain("x".repeat(15_872));
  const short = { instruction: "Do it\n\nwell", history, observation: "<html> Round 1\n\nx </html>" };
  expect(readReleasedPrompt(releasedPrompt(short))).toEqual(short);
  expect(readReleasedPrompt("Do it")).toBe(null);
  const long = [{ response: "y".repeat(20_000) }];
  expect(releasedPrompt({ instruction: "Do it", history: long, observation })).not.toContain("<html>");
});
