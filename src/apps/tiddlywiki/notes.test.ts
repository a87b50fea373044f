import { expect, test } from "vitest";
import type { SiteFinished } from "../../sites/define-site.ts";
import { NOTES, SITE_SUBTITLE, SITE_TITLE } from "./content.ts";
import { becomes, tagsOf, expectNoChange } from "./notes.ts";

type Raw = Record<string, string>;
const stored = (): Raw[] => [
  ...NOTES.map(({ title, text, tags }) => ({
    title,
    text,
    tags: tags.map((tag) => `[[${tag}]]`).join(" "),
    modified: "20260301",
    bag: "default",
  })),
  { title: "$:/SiteTitle", text: SITE_TITLE },
  { title: "$:/SiteSubtitle", text: SITE_SUBTITLE },
  { title: "$:/StoryList", text: "", list: "" },
];
/** Like a server that has `later` from its third answer on. */
function wiki(now: Raw[], later: Raw[] = now): SiteFinished {
  let asked = 0;
  return {
    answer: null,
    url: "http://x/",
    pageText: "",
    params: {},
    baseUrl: "http://x/",
    port: 80,
    copy: 0,
    user: null,
    http: async () => Response.json(asked++ < 2 ? now : later),
  };
}

test("the notes as they were made are expectNoChange, whoever saved them, with drafts left open", async () => {
  const draft = { title: "Draft of 'x'", text: "half", "draft.of": "x", "draft.title": "x" };
  expect(await expectNoChange()(wiki([...stored(), draft]))).toEqual([]);
});

test("a change is seen a moment later; a change beside it is told", async () => {
  const changed = stored().map((note) => (note.title === "Key box" ? { ...note, text: "Empty." } : note));
  const check = becomes((notes) => void (notes["Key box"]!.text = "Empty."));
  expect(await check(wiki(stored(), changed))).toEqual([]);
  const extra = [...changed, { title: "Extra", text: "" }, { title: "$:/SiteSubtitle", text: "hm" }];
  expect((await check(wiki(extra))).join("\n")).toMatch(
    /note "\$:\/SiteSubtitle".*\n.*note "Extra": expected nothing/,
  );
}, 20_000);

test("tags of two words are one tag", () => {
  expect(tagsOf("[[seed saving]] gardener")).toEqual(["gardener", "seed saving"]);
});
