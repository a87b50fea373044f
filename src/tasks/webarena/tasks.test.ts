import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { changesState, fillUrls, isImpossible, needsJudge, parseTasks, toTask } from "./tasks.ts";
import type { WebArenaTask } from "./tasks.ts";
import { makeTask } from "./testing/make-task.ts";

describe("task files", () => {
  const read = (...tasks: unknown[]) => parseTasks(JSON.stringify(tasks), "t.json");
  test("placeholders are filled from base URLs; one that is missing is named", () => {
    const [entry] = read({ ...makeTask({}), start_url: "__SHOPPING__/cart" });
    const one = entry!.task;
    expect(fillUrls(one, { SHOPPING: "http://h:7770/" }).filled?.start_url).toBe("http://h:7770/cart");
    expect(fillUrls(one, {})).toEqual({ filled: null, missing: "SHOPPING" });
  });
  test("what is wrong with one task is said of it alone", () => {
    const wrong = { ...makeTask({}), task_id: 2, eval: { eval_types: ["page_image_query"] } };
    const unknown = (id: number, evaluation: unknown, more = {}) => ({
      ...makeTask({}),
      task_id: id,
      eval: evaluation,
      ...more,
    });
    const target = { url: "last", locator: "", required_contents: { exact_match: "x" } };
    const entries = read(
      { ...makeTask({ reference_answers: { exact_match: "x" } }), task_id: 1 },
      wrong,
      unknown(3, {
        eval_types: ["program_html"],
        program_html: [{ ...target, locator: "func:rm(__page__)" }],
      }),
      unknown(4, { eval_types: ["url_match"], reference_url: "x", url_note: "NEARLY" }),
      unknown(
        5,
        { eval_types: ["string_match"], reference_answers: { exact_match: "x" } },
        { geolocation: {} },
      ),
      unknown(6, { eval_types: ["string_match"], reference_answers: { exact_match: "x" } }, { surprise: 1 }),
      unknown(7, { eval_types: ["string_match"], reference_answers: { required_values: ["about 5"] } }),
      unknown(
        8,
        { eval_types: ["string_match"], reference_answers: { exact_match: "x" } },
        { start_url: "__SHOPING__/cart" },
      ),
      unknown(
        9,
        { eval_types: ["string_match"], reference_answers: { exact_match: "x" } },
        { start_url: "__SHOPPING__ |AND| cart" },
      ),
    );
    expect(entries.map(({ unusable }) => unusable)).toEqual([
      null,
      expect.stringMatching(/eval\.eval_types/),
      "eval: unknown evaluator function rm",
      expect.stringMatching(/eval\.url_note/),
      expect.stringMatching(/geolocation/),
      expect.stringMatching(/surprise/),
      expect.stringMatching(/about 5/),
      "start_url: unknown placeholder __SHOPING__; the nearest is __SHOPPING__",
      'start_url: "cart" is no address',
    ]);
  });
  test("a malformed file says where", () => {
    expect(() => parseTasks("{", "t.json")).toThrow(ConfigError);
    expect(() => parseTasks("[{}]", "t.json")).toThrow(/malformed at 0\./);
    expect(() => read(makeTask({}), makeTask({}))).toThrow(/task 1 twice/);
  });
  test.each(["[]", "null", '"x"', '{"tasks":"t.json"}'])(
    "a file that is no list says what it is: %s",
    (text) => {
      expect(() => parseTasks(text, "t.json")).toThrow(`, found ${text}`);
      expect(() => parseTasks(text, "t.json")).toThrow("t.json is malformed at the whole: ");
    },
  );
  test("a byte-order mark is skipped", () => {
    expect(parseTasks(`\uFEFF${JSON.stringify([makeTask({})])}`, "t.json")).toHaveLength(1);
  });

  const answer = { eval_types: ["string_match"], reference_answers: { exact_match: "x" } };
  const requires = (reference_answers: unknown) => ({ eval: { ...answer, reference_answers } });
  const checks = (target: object) => ({
    eval: {
      eval_types: ["program_html"],
      program_html: [{ url: "last", locator: "", required_contents: { exact_match: "" }, ...target }],
    },
  });
  const compares = (reference_url: string) => ({ eval: { eval_types: ["url_match"], reference_url } });
  test.each([
    [{ start_url: "http://" }, 'start_url: "http://" is no address'],
    [{ start_url: "https://[bad" }, 'start_url: "https://[bad" is no address'],
    [{ start_url: "javascript:alert(1)" }, "is no address"],
    [{ start_url: "__SHOPPING__ |AND| " }, 'start_url: "" is no address'],
    [{ sites: [] }, "sites: Too small"],
    [{ sites: ["shoping"] }, 'found "shoping"; the nearest is "shopping"'],
    [{ sites: undefined }, "sites: "],
    [{ intent: 5 }, ", found 5"],
    [{ eval: { eval_types: ["url_mach"] } }, 'found "url_mach"; the nearest is "url_match"'],
    [checks({ url: "nonsense" }), 'eval.program_html.0.url: "nonsense" is no address'],
    [checks({ url: "http://" }), 'eval.program_html.0.url: "http://" is no address'],
    [checks({ url: "__REDIT__/f" }), "the nearest is __REDDIT__"],
    [checks({ required_contents: {} }), "eval.program_html.0.required_contents: it requires nothing"],
    [checks({ required_contents: { must_include: [] } }), "must_include is empty"],
    [requires({ must_include: [""] }), "must_include is empty, or has an empty part"],
    [requires({ must_include: ["a", "b |OR| "] }), "must_include is empty, or has an empty part"],
    [requires({ must_include: "" }), "must_include is empty"],
    [requires({ must_exclude: [] }), "must_exclude is empty"],
    [requires({ one_of: [" "] }), "one_of is empty"],
    [requires({ required_values: [] }), "required_values is empty"],
    [requires({ fuzzy_match: [] }), "fuzzy_match is empty"],
    [requires({ fuzzy_match: "" }), "fuzzy_match is empty"],
    [compares("/"), "url_match has no reference_url, or an empty one"],
    [compares("__SHOPPING__/a |OR| http://"), "url_match has no reference_url, or an empty one"],
  ])("%j makes its task unusable", (change, why) => {
    const [entry] = read({ ...makeTask({}), eval: answer, ...change });
    expect(entry!.unusable).toContain(why);
  });
  test.each([
    { start_url: "http://127.0.0.1:7770/" },
    { start_url: "__MAP__#map=7/42/-71 |AND| __WIKIPEDIA__" },
    checks({}),
    checks({ url: "__GITLAB__/x" }),
    checks({ url: "func:shopping_get_latest_order_url()" }),
    requires({ exact_match: "" }),
    compares("/orders |OR| __SHOPPING__"),
  ])("%j can be used", (change) => {
    const [entry] = read({ ...makeTask({}), eval: answer, ...change });
    expect(entry!.unusable).toBeNull();
  });

  const file = new URL("../../../../shared/data/webarena-lite/test_webarena_lite.raw.json", import.meta.url);
  test.skipIf(!existsSync(file))("all 165 tasks of WebArena-Lite are read, with the published counts", () => {
    const entries = parseTasks(readFileSync(file, "utf8"), "lite");
    expect(entries.filter(({ unusable }) => unusable !== null)).toEqual([]);
    const tasks = entries.map((entry) => entry.task as WebArenaTask);
    expect(tasks).toHaveLength(165);
    const count = (type: string) =>
      tasks.filter((t) => t.eval.eval_types.includes(type as "string_match")).length;
    expect([count("string_match"), count("program_html"), count("url_match")]).toEqual([80, 67, 39]);
    expect(tasks.filter(isImpossible).map((t) => t.task_id)).toEqual([
      27, 51, 56, 59, 74, 86, 91, 114, 161, 162,
    ]);
    expect(tasks.filter(needsJudge)).toHaveLength(40);
    expect(tasks.filter(changesState)).toHaveLength(63);
    expect(new Set(entries.map((entry) => toTask(entry, "webarena-lite").id)).size).toBe(165);
  });
});
