import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { hash32 } from "../core/rng.ts";
import { defineSite } from "../sites/define-site.ts";
import { DEFAULT_BROWSER } from "../core/trajectory.ts";
import type { Observation } from "../core/observation.ts";
import type { SiteDefinition } from "../sites/define-site.ts";
import desk from "../../examples/own-site/site.ts";
import { runRules } from "../testing/kit.ts";
import type { Rule } from "../testing/kit.ts";
import { siteRules } from "../testing/site-kit.ts";
import { checkSuite } from "./check.ts";
import { loadSuite } from "./load-suite.ts";
import { createOwnSuite } from "./own-suite.ts";
import { answers } from "./server-process.ts";

const FILE = fileURLToPath(new URL("../../examples/own-site/site.ts", import.meta.url));
const DIRECTORY = fileURLToPath(new URL("../../examples/own-site/", import.meta.url));
const variant = (change: Partial<SiteDefinition>) =>
  createOwnSuite(defineSite({ ...desk, ...change }), DIRECTORY);

test("the example's oracles score 1 on a real server process, doing nothing and wrong answers 0", async () => {
  const suite = await loadSuite("own", FILE);
  await using site = await suite.createSite({ browser: { width: 1300 } });
  expect(site.browser).toEqual({ ...DEFAULT_BROWSER, width: 1300 });
  const tasks = suite.tasks({ limit: 10 });
  expect(new Set(tasks.map((task) => task.templateId))).toEqual(
    new Set(["desk.badge", "desk.requester", "desk.close"]),
  );
  const result = await checkSuite(suite, site, { tasks, parallel: 2 });
  expect(result.templates.flatMap((template) => template.failures)).toEqual([]);
  expect(result.ok).toBe(true);
});

test("a task of a template, and of a chat model, is an episode like any other", async () => {
  const suite = variant({ start: { command: "node server.mjs {port}", instances: 2 } });
  const task = suite.tasks({ template: "desk.requester" })[0]!;
  const solve = (pages: readonly Observation[]) => {
    const oracle = suite.oracleFor(task, pages[0]!);
    let next = oracle.next();
    for (const page of pages.slice(1)) next = oracle.next(page);
    return next.value!;
  };
  // Two copies at once have two ports, which a page shows; three episodes at once need three copies.
  const needOne = (rule: Rule) =>
    ![
      "the same task and seed give the same first observation",
      "episodes do not see each other's changes",
    ].includes(rule.name);
  const rules = siteRules({ create: async () => suite.createSite(), task, solve });
  const broken = await runRules(rules.filter(needOne));
  expect(broken).toEqual([]);
});

test("what a user's check throws is the user's error with file and line, a broken application is at fault", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-own-"));
  const checked = async (check: string) => {
    const file = join(directory, `site-${hash32(check)}.mjs`);
    const start = { command: `node ${JSON.stringify(join(DIRECTORY, "server.mjs"))}` };
    const definition = JSON.stringify({ ...desk, templates: [], login: [], start });
    await writeFile(
      file,
      `export default {\n ...${definition},\n tasks: [{ id: "look", instruction: "Look.",\n check: [${check}] }] };\n`,
    );
    const suite = await loadSuite("own", file);
    await using site = await suite.createSite();
    await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
    await episode.step({ ok: true, action: { kind: "exit", message: "" }, comments: [] });
    return await episode.verify("");
  };
  try {
    const error = await checked("() => [undefined.text]").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(
      /^check 1 of desk.look threw: Cannot read .*site-\d+\.mjs:4:\d+\)$/,
    );
    await expect(checked("() => true")).rejects.toThrow(/must return a list of reasons.* true/);
    await expect(
      checked('async ({ http }) => [String(await http("http://127.0.0.1:1/"))]'),
    ).rejects.toMatchObject({ name: "Fault", code: "site_down", retryable: true });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("the server ends with the site", async () => {
  const suite = variant({});
  const site = await suite.createSite();
  const episode = await site.start(suite.task("desk.badge"), { seed: 1 });
  const { origin } = new URL(episode.first.url);
  expect(await answers(origin)).toBe(true);
  await episode[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
  expect(await answers(origin)).toBe(false);
});

test("a server that ends during an episode is a fault, though the page and the checks go on without it; the next episode has a new one", async () => {
  const server = `require("node:http").createServer((_, r) => r.setHeader("content-type", "text/html").end("I am " + process.pid)).listen(process.env.PORT, "127.0.0.1")`;
  const suite = createOwnSuite(
    {
      name: "mortal",
      baseUrl: "http://127.0.0.1:{port}",
      start: { command: `exec node -e '${server}'`, timeoutMs: 60_000 },
      tasks: [{ id: "look", instruction: "Look.", check: [() => ["nothing was done"]] }],
    },
    DIRECTORY,
  );
  await using site = await suite.createSite();
  const fail = async (meanwhile: (pid: number) => void) => {
    await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
    const pid = Number(/I am (\d+)/.exec(episode.first.text)![1]);
    meanwhile(pid);
    await episode.step({ ok: true, action: { kind: "exit", message: "" }, comments: [] });
    return { pid, verdict: await episode.verify("") };
  };
  const first = await fail(() => {});
  expect(first.verdict).toMatchObject({ success: false });
  await expect(fail((pid) => process.kill(pid, "SIGKILL"))).rejects.toMatchObject({
    name: "Fault",
    code: "site_down",
    retryable: true,
  });
  const next = await fail(() => {});
  expect(next.verdict).toMatchObject({ success: false });
  expect(next.pid).not.toBe(first.pid);
});

test("an instance is used by one episode at a time: the next one waits for it, or gives up when aborted", async () => {
  const suite = variant({ start: { command: "node server.mjs" } });
  await using site = await suite.createSite();
  const [task] = suite.tasks();
  const first = await site.start(task!, { seed: 1 });
  const gone = new AbortController();
  const impatient = site.start(task!, { seed: 2, signal: gone.signal });
  let started = false;
  const second = site.start(task!, { seed: 3 }).then((episode) => {
    started = true;
    return episode;
  });
  gone.abort(new Error("left"));
  await expect(impatient).rejects.toThrow("left");
  expect(started).toBe(false);
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
});

test("a failing login, reset or start is said in the user's words", async () => {
  const wrongPassword = variant({
    login: [{ open: "/login" }, { fill: "Password", text: "no" }, { click: "Sign in" }, { see: "Signed in" }],
  });
  const noReset = variant({ reset: { path: "/nowhere-to-reset" }, login: [] });
  const noStart = variant({ start: { command: "node missing.mjs" } });
  const noEnv = variant({ login: [{ open: "/login" }, { fill: "Password", env: "WEBRL_TEST_NOT_SET" }] });
  const start = async (suite: ReturnType<typeof variant>) => {
    await using site = await suite.createSite();
    await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
    return episode.first.text;
  };
  await expect(start(wrongPassword)).rejects.toThrow(/login step 4 \(see "Signed in"\)/);
  await expect(start(noReset)).rejects.toThrow(/desk: the reset of desk failed: .*it must be 2xx/);
  await expect(start(noStart)).rejects.toThrow(ConfigError);
  await expect(start(noEnv)).rejects.toThrow(/WEBRL_TEST_NOT_SET is not set/);
});

test("a password of the login is in no observation, whatever the application shows", async () => {
  const login =
    '<form action="/in"><label>Password <input type="password" name="p"></label><button>Go</button>';
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://any");
    const given = searchParams.get("p") ?? /given=(\w+)/.exec(request.headers.cookie ?? "")?.[1] ?? "nothing";
    response
      .writeHead(200, { "content-type": "text/html", "set-cookie": `given=${given}` })
      .end(pathname === "/login" ? login : `<title>Hello</title><p>You said ${given}.</p>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("WEBRL_TEST_PASSWORD", "swordfish");
  try {
    for (const fill of [
      { fill: "Password", text: "swordfish" },
      { fill: "Password", env: "WEBRL_TEST_PASSWORD" },
    ]) {
      const suite = createOwnSuite(
        {
          name: "mirror",
          baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          login: [{ open: "/login" }, fill, { click: "Go" }, { see: "You said swordfish" }],
          tasks: [{ id: "look", instruction: "Look." }],
        },
        DIRECTORY,
      );
      await using site = await suite.createSite();
      await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
      expect(episode.first.text).toContain("You said [redacted: secret].");
    }
  } finally {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  }
});

test("a site that worked before and fails now is the world's; one that never worked is the user's to correct", async () => {
  let trouble: "none" | "start page" | "login" | "everything" = "start page";
  const server = createServer((request, response) => {
    const page = (text: string, status = 200) =>
      response.writeHead(status, { "content-type": "text/html" }).end(`<!doctype html>${text}`);
    if (request.url === "/login" && trouble === "everything") return void request.socket.destroy();
    if (request.url === "/login")
      return page(trouble === "login" ? "maintenance" : "<form action=/><button>Sign in</button></form>");
    return trouble === "start page" && request.url === "/start" ? page("sorry", 503) : page("Hello Ann");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const make = (change: Partial<SiteDefinition>) =>
    createOwnSuite(
      {
        name: "hello",
        baseUrl,
        tasks: [{ id: "look", instruction: "Look.", startPath: "/start" }],
        ...change,
      },
      DIRECTORY,
    );
  const login: SiteDefinition["login"] = [{ open: "/login" }, { click: "Sign in" }, { see: "Hello Ann" }];
  const suite = make({ login });
  try {
    await using site = await suite.createSite();
    const start = async () => {
      await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
      return episode.first.text;
    };
    await expect(start()).rejects.toThrow(ConfigError);
    trouble = "none";
    expect(await start()).toContain("Hello Ann");
    for (const later of ["start page", "everything"] as const) {
      trouble = later;
      await expect(start()).rejects.toMatchObject({ name: "Fault", code: "site_down", retryable: true });
    }
    trouble = "none";
    expect(await start()).toContain("Hello Ann");
    // The site says which statuses mean that it is down.
    trouble = "start page";
    const open = make({ downStatuses: [502] });
    await using other = await open.createSite();
    await using episode = await other.start(open.tasks()[0]!, { seed: 1 });
    expect(episode.first.text).toContain("sorry");
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
