import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { defineSite, ownAnswerIs, ownPageShows, ownState, ownUrlIs } from "./define-site.ts";
import type { OwnFinished, SiteDefinition } from "./define-site.ts";

const good: SiteDefinition = {
  name: "desk",
  baseUrl: "http://127.0.0.1:4100",
  tasks: [{ id: "a", instruction: "Do it." }],
};

test("a definition that is right is given back", () => {
  expect(defineSite(good)).toBe(good);
});

test.each([
  [{ ...good, taks: [] }, /unknown key taks; the nearest is tasks/],
  [{ ...good, baseUrl: "desk.test" }, /baseUrl: must start with http/],
  [{ ...good, tasks: [] }, /at least one task/],
  [{ ...good, tasks: [...good.tasks, ...good.tasks] }, /two tasks have the id "a"/],
  [{ ...good, baseUrl: "http://127.0.0.1:{port}" }, /\{port\}, but there is no start/],
  [{ ...good, reset: "restart" }, /restart/],
  [{ ...good, start: { command: "node x", instances: 2 } }, /baseUrl needs \{port\}/],
  [{ ...good, tasks: [{ id: "a", instruction: "x", startPath: "page" }] }, /startPath: must start with \//],
])("a wrong definition says where: %#", (definition, message) => {
  expect(() => defineSite(definition as SiteDefinition)).toThrow(ConfigError);
  expect(() => defineSite(definition as SiteDefinition)).toThrow(message);
});

test("checks give reasons where they fail and none where they pass", async () => {
  const finished: OwnFinished = {
    answer: " Ben  Osei. ",
    url: "http://x/tickets/1?a=1&b=2",
    pageText: "Status Closed",
    params: {},
    http: async (path) =>
      path === "/api" ? Response.json({ open: 2 }) : new Response("no", { status: 404 }),
  };
  const state = (path: string, open: number) =>
    ownState<{ open: number }>(path, (s) => (s.open === open ? [] : [`${s.open} open`]));
  const reasons = async (check: ReturnType<typeof ownAnswerIs>) => check(finished);
  expect(await reasons(ownAnswerIs("ben osei"))).toEqual([]);
  expect(await reasons(ownAnswerIs("Lena"))).toHaveLength(1);
  expect(await reasons(ownUrlIs("/tickets/1?b=2"))).toEqual([]);
  expect(await reasons(ownUrlIs("/tickets/2"))).toHaveLength(1);
  expect(await reasons(ownPageShows("closed", "open"))).toEqual([expect.stringContaining('"open"')]);
  expect(await reasons(state("/api", 2))).toEqual([]);
  expect(await reasons(state("/api", 3))).toEqual(["2 open"]);
  expect(await reasons(state("/none", 3))).toEqual(["/none answered 404"]);
});
