import { describe, expect, test } from "vitest";
import { parseInstructions } from "./instructions.ts";
import { fillUrls } from "./tasks.ts";

describe("instructions to train on", () => {
  const read = (text: string) => parseInstructions(text, "train.json", "webarena-lite");
  test("an array or lines; the first site's start page where none is given", () => {
    const lamp = { intent: "Show the cheapest lamp", sites: ["shopping"] };
    const post = { intent: "Write a post", sites: ["reddit"], start_url: "__REDDIT__/f/books", task_id: 7 };
    const tasks = read(JSON.stringify([lamp, post]));
    expect(tasks.map(({ id, startUrl, split, templateId }) => [id, startUrl, split, templateId])).toEqual([
      ["webarena-lite.train/0", "__SHOPPING__/", "train", null],
      ["webarena-lite.train/1", "__REDDIT__/f/books", "train", null],
    ]);
    expect(read(`${JSON.stringify(lamp)}\n\n${JSON.stringify(post)}\n`)).toEqual(tasks);
  });
  test("WebRL's released file: an array, indented, with a bare placeholder to start on", () => {
    const released = [
      { intent: "Show the newest order.", sites: ["shopping_admin"], start_url: "__SHOPPING_ADMIN__" },
      { intent: " Where is the museum? ", sites: ["map"], start_url: "__MAP__" },
    ];
    const tasks = read(JSON.stringify(released, null, 4));
    expect(tasks.map(({ instruction, sites, startUrl }) => [instruction, sites, startUrl])).toEqual([
      ["Show the newest order.", ["shopping_admin"], "__SHOPPING_ADMIN__"],
      ["Where is the museum?", ["map"], "__MAP__"],
    ]);
    const urls = { SHOPPING_ADMIN: "http://h:7780/admin" };
    expect(fillUrls({ start_url: tasks[0]!.startUrl }, urls).filled?.start_url).toBe("http://h:7780/admin");
  });
  test("lines as WebRL's generator writes them, with its names of the sites", () => {
    const tasks = read('{"task": "Show all orders", "web": "cms"}\n{"task": "Find a lamp", "web": "oss"}\n');
    expect(tasks.map(({ instruction, sites, startUrl }) => [instruction, sites, startUrl])).toEqual([
      ["Show all orders", ["shopping_admin"], "__SHOPPING_ADMIN__/"],
      ["Find a lamp", ["shopping"], "__SHOPPING__/"],
    ]);
    expect(() => read('{"task": "x", "web": "shop"}')).toThrow(/entry 1 at web/);
  });
  test("what cannot be read is named with its place", () => {
    expect(() => read("")).toThrow(/no instructions/);
    expect(() => read("[]")).toThrow(/no instructions/);
    expect(() => read('{"intent": "x", "sites": ["reddit"]}\n{')).toThrow(/not JSON in line 2/);
    expect(() => read('[{"intent": "x", "sites": ["shop"]}]')).toThrow(/entry 1 at sites\.0/);
    expect(() => read('["x"]')).toThrow(/entry 1 at the whole/);
  });
  test.each(["foo", "http://", "https://[bad", "__SHOPING__/cart", "__SHOPPING__ |AND| cart"])(
    "a start page that is no address is named with its entry: %s",
    (start_url) => {
      const good = { intent: "x", sites: ["shopping"] };
      expect(() => read(JSON.stringify([good, { ...good, start_url }]))).toThrow(
        /^train.json is malformed in entry 2 at start_url: .*(no address|the nearest is __SHOPPING__)/,
      );
    },
  );
  test("a site's name that is not known is said, with the nearest", () => {
    expect(() => read('[{"intent": "x", "sites": ["redit"]}]')).toThrow(
      'found "redit"; the nearest is "reddit"',
    );
  });
});
