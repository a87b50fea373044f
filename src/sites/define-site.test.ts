import { expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { defineSite, defineTemplate, stateSatisfies } from "./define-site.ts";
import type { SiteCheck, SiteDefinition, SiteFinished } from "./define-site.ts";
import { answerIs, pageShows, urlIs } from "./verify.ts";

const good = {
  name: "desk",
  baseUrl: "http://127.0.0.1:4100",
  tasks: [{ id: "a", instruction: "Do it." }],
} satisfies SiteDefinition;
const template = { id: "t", phrasings: ["Do {what}."], instances: [{ what: "this" }] };

test("a definition that is right is given back", () => {
  expect(defineSite(good)).toBe(good);
});

test.each([
  [{ ...good, taks: [] }, /unknown key taks; the nearest is tasks/],
  [{ ...good, baseUrl: "desk.test" }, /baseUrl: must start with http/],
  [{ ...good, tasks: [] }, /at least one task or template/],
  [{ ...good, tasks: undefined }, /at least one task or template/],
  [{ ...good, templates: [{ ...template, id: "a" }] }, /two tasks or templates have the id "a"/],
  [
    { ...good, templates: [{ ...template, instances: [] }] },
    /templates.0.instances: .*at least one instance/,
  ],
  [
    { ...good, templates: [{ ...template, phrasing: "x" }] },
    /unknown key phrasing; the nearest is phrasings/,
  ],
  [
    { ...good, tasks: [{ id: "a", instruction: "x", category: "shoping" }] },
    /category: must be one of .*shopping/,
  ],
  [{ ...good, tasks: [...good.tasks, ...good.tasks] }, /two tasks or templates have the id "a"/],
  [{ ...good, baseUrl: "http://127.0.0.1:{port}" }, /\{port\}, but there is no start/],
  [{ ...good, reset: "restart" }, /restart/],
  [{ ...good, start: { command: "node x", instances: 2 } }, /baseUrl needs \{port\}/],
  [{ ...good, tasks: [{ id: "a", instruction: "x", startPath: "page" }] }, /startPath: must start with \//],
])("a wrong definition says where: %#", (definition, message) => {
  expect(() => defineSite(definition as SiteDefinition)).toThrow(ConfigError);
  expect(() => defineSite(definition as SiteDefinition)).toThrow(message);
});

const finished: SiteFinished = {
  baseUrl: "http://x/",
  port: 80,
  copy: 0,
  user: null,
  answer: " Ben  Osei. ",
  url: "http://x/tickets/1?a=1&b=2",
  pageText: "Status Closed",
  params: {},
  http: async (path) =>
    path === "/api"
      ? Response.json({ open: 2 })
      : new Response("no", { status: path === "/page" ? 200 : path === "/broken" ? 503 : 404 }),
};

test("checks give reasons where they fail and none where they pass", async () => {
  const state = (path: string, open: number) =>
    stateSatisfies<{ open: number }>(path, (s) => (s.open === open ? [] : [`${s.open} open`]));
  const reasons = async (check: SiteCheck) => check(finished);
  expect(await reasons(answerIs("ben osei"))).toEqual([]);
  expect(await reasons(answerIs("Lena"))).toHaveLength(1);
  expect(await reasons(urlIs("/tickets/1?b=2"))).toEqual([]);
  expect(await reasons(urlIs("/tickets/1/", "x"))).toEqual([]);
  expect(await reasons(urlIs("/tickets/1", "y"))).toHaveLength(1);
  expect(await reasons(urlIs("/tickets/2"))).toHaveLength(1);
  expect(await reasons(pageShows("closed", "open"))).toEqual([expect.stringContaining('"open"')]);
  expect(await reasons(state("/api", 2))).toEqual([]);
  expect(await reasons(state("/api", 3))).toEqual(["2 open"]);
  expect(await reasons(state("/none", 3))).toEqual(["/none answered 404"]);
});

test("trouble of the application or the definition is not a failure of the agent", async () => {
  const check = (path: string) => stateSatisfies(path, () => []);
  await expect(async () => check("/broken")(finished)).rejects.toMatchObject({
    name: "Fault",
    retryable: true,
  });
  await expect(async () => check("/page")(finished)).rejects.toThrow(
    /does not answer with JSON but with "no"/,
  );
});

test("a template keeps the type of its parameters", () => {
  const typed = defineTemplate<{ what: string }>({
    ...template,
    wrongAnswer: ({ what }) => what.toUpperCase(),
  });
  expect(typed.wrongAnswer?.({ what: "this" })).toBe("THIS");
});
