import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSettings } from "./settings.ts";

describe("settings", () => {
  const read = async (settings: object, env = {}, before = "") => {
    const directory = await mkdtemp(join(tmpdir(), "webrl-settings-"));
    const path = join(directory, "s.json");
    await writeFile(join(directory, "t.json"), "[]");
    await writeFile(path, before + JSON.stringify({ tasks: "t.json", ...settings }));
    try {
      return await readSettings(path, env);
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  test.each([
    [{ evaluater: "strict" }, "s.json: there is no setting evaluater; the nearest is evaluator"],
    [{ urls: { shoping: "http://h:1" } }, "there is no setting urls.shoping; the nearest is urls.shopping"],
    [{ accounts: { redit: {} } }, "there is no setting accounts.redit; the nearest is accounts.reddit"],
    [
      { accounts: { reddit: { usernam: "a" } } },
      "there is no setting accounts.reddit.usernam; the nearest is accounts.reddit.username",
    ],
    [{ urls: { map: "h:1" } }, "s.json is malformed at urls.map: "],
    [{ nothingLikeIt: 1 }, "there is no setting nothingLikeIt"],
    [
      { evaluator: "loose" },
      's.json is malformed at evaluator: must be one of "published", "strict", found "loose"',
    ],
    [{ evaluator: "strikt" }, 'found "strikt"; the nearest is "strict"'],
    [{ resetMinutes: "long" }, ', found "long"'],
  ])("%j", async (settings, message) => {
    await expect(read(settings)).rejects.toThrow(message);
  });
  test("an empty environment variable counts as absent", async () => {
    const names = [
      "WEBARENA_AUTH",
      "WEBARENA_SHOPPING_PASSWORD",
      "WEBARENA_SHOPPING_SITE_ADMIN_PASSWORD",
      "MAP",
    ];
    const settings = await read({}, Object.fromEntries(names.map((name) => [name, ""])));
    expect(settings.auth).toMatch(/webrl-settings-.*\.auth$/);
    expect(settings.password("shopping")).toBeNull();
    expect(settings.password("shopping_site_admin")).toBe("admin1234");
    expect(settings.urls).toEqual({});
  });
  test("a byte-order mark is skipped", async () => {
    expect((await read({ evaluator: "strict" }, {}, "\uFEFF")).evaluator).toBe("strict");
  });
});
