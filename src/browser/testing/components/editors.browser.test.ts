import { afterAll, beforeAll, expect, test } from "vitest";
import { BrowserPool } from "../../pool.ts";
import type { ComponentEpisode } from "./bundle.ts";
import { openComponents } from "./bundle.ts";

let pool: BrowserPool;
beforeAll(() => (pool = new BrowserPool()));
afterAll(() => pool[Symbol.asyncDispose]());

const on =
  (run: (page: ComponentEpisode) => Promise<void>, format?: "webrl" | "aria" | "compact") => async () => {
    await using page = await openComponents(pool, "editors.js", format);
    await run(page);
  };
const letter = async (page: ComponentEpisode) => ((await page.state()) as { letter: string }).letter;
const LETTER = /^text(box|area) Letter/;

test.each(["compact", "aria"] as const)("blocks of rich text are not glued together (%s)", (format) =>
  on(async (page) => {
    expect(page.page.text).toContain("Dear Ann,");
    expect(page.page.text).not.toContain("Ann,The");
    expect(page.page.text).not.toContain("line Second line");
  }, format)(),
);

test(
  "ProseMirror: replaced as a whole",
  on(async (page) => {
    await page.do("Type", LETTER, "Thank you.");
    expect(await letter(page)).toBe("<p>Thank you.</p>");
  }),
);

test(
  "ProseMirror: appended to",
  on(async (page) => {
    await page.do("Insert", LETTER, " It is broken.");
    expect(await letter(page)).toBe("<p>Dear Ann,</p><p>The parcel has arrived. It is broken.</p>");
  }),
);

test(
  "ProseMirror: a passage is changed in place, and formatted",
  on(async (page) => {
    await page.do("Select Text", LETTER, "Ann");
    await page.do("Insert", null, "Bob");
    expect(await letter(page)).toBe("<p>Dear Bob,</p><p>The parcel has arrived.</p>");
    await page.do("Select Text", LETTER, "parcel");
    await page.do("Click", "button Bold");
    expect(await letter(page)).toBe("<p>Dear Bob,</p><p>The <strong>parcel</strong> has arrived.</p>");
  }),
);

test(
  "ProseMirror: a new paragraph by Enter, keys at the end",
  on(async (page) => {
    await page.do("Press", LETTER, "Control+End Enter");
    await page.do("Insert", null, "Yours, Cid");
    expect(await letter(page)).toBe("<p>Dear Ann,</p><p>The parcel has arrived.</p><p>Yours, Cid</p>");
  }),
);

test(
  "Quill: typed into and formatted by its own buttons",
  on(async (page) => {
    const editor = page.after(/list: bullet|clean/i, /^text(box|area)/);
    await page.act(`do(action="Type", argument="Very good lamp", element=${JSON.stringify(editor)})`);
    await page.act(`do(action="Select Text", argument="good")`);
    await page.do("Click", "button bold");
    expect(await page.state()).toMatchObject({ comment: "<p>Very&nbsp;<strong>good</strong>&nbsp;lamp</p>" });
  }),
);

test(
  "a text area keeps its lines when it is appended to",
  on(async (page) => {
    const memo = page.page.elements.filter(({ role }) => /^text(box|area)$/.test(role)).at(-1)!.name;
    await page.act(`do(action="Insert", argument="\\nThird", element=${JSON.stringify(memo)})`);
    expect(await page.state()).toMatchObject({ memo: "First line\nSecond line\nThird" });
  }),
);
