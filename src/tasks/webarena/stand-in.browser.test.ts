/**
 * WebArena's way from the task file to the verdict, on a small stand-in for its sites: every code path but the sites
 * themselves.
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { ChatModel } from "../../core/chat.ts";
import type { Listening } from "../../http/listen.ts";
import { listen } from "../../http/listen.ts";
import { rolloutConfigSchema } from "../../rollout/config.ts";
import type { Policy } from "../../rollout/policy.ts";
import { rollout } from "../../rollout/rollout.ts";
import { parseConfig } from "../../run/parse-config.ts";
import { parseAction } from "../../text/action.ts";
import { explainFailures, scoreEpisodes } from "../../train/score-episodes.ts";
import { webrl } from "../../cli/testing/webrl.ts";
import { loadSuite } from "../load-suite.ts";

/** A forum with WebArena's sign-in page, and a shop; `sessions` are those who are signed in. */
const sessions = new Set<string>();
const posts: string[] = [];
/** Sign-ins with a wrong password. */
let refused = 0;
const forum = new Hono()
  .get("/login", (c) =>
    c.html(
      "<form method=post action=/login><label>Username<input name=user></label><label>Password<input name=password type=password></label><button>Log in</button></form>",
    ),
  )
  .post("/login", async (c) => {
    const { user, password } = await c.req.parseBody();
    if (password !== "pass-word-1") {
      refused++;
      return c.redirect("/login");
    }
    const session = `${String(user)}-${sessions.size}`;
    sessions.add(session);
    setCookie(c, "session", session);
    return c.redirect("/");
  })
  .get("/users/sign_in", (c) => c.html("<label>User<input name=user></label>"))
  .get("/user/ada/account", (c) =>
    sessions.has(getCookie(c, "session") ?? "") ? c.html("<button>Delete</button>") : c.redirect("/login"),
  )
  .get("/", (c) =>
    c.html("<title>Forum</title><h1>Forum</h1><form method=post action=/post><button>Post</button></form>"),
  )
  .post("/post", (c) => {
    if (!sessions.has(getCookie(c, "session") ?? "")) return c.redirect("/login");
    posts.push("written");
    return c.redirect("/f/books/1/written");
  })
  // A guest's cart, of which only a cookie knows.
  .get("/put-in-cart", (c) => {
    setCookie(c, "cart", "a lamp");
    return c.redirect("/cart");
  })
  .get("/cart", (c) => c.html(`<title>Cart</title><p id=cart>${getCookie(c, "cart") ?? "nothing"}</p>`))
  .get("/cart-start", (c) => c.html("<title>Shelf</title><a href=/put-in-cart>Buy</a>"))
  .get("/logout", (c) => {
    sessions.delete(getCookie(c, "session") ?? "");
    return c.redirect("/login");
  })
  .get("/mine", (c) =>
    sessions.has(getCookie(c, "session") ?? "")
      ? c.html("<title>Mine</title><a href=/logout>Log out</a>")
      : c.redirect("/login"),
  )
  .get("/f/books/1/*", (c) => c.html(`<title>Post</title><p id=text>${posts.join(" ")}</p><p>Q&amp;A</p>`));

/** A shop with Magento's REST API. */
const shop = new Hono()
  .post("/rest/default/V1/integration/admin/token", async (c) =>
    (await c.req.json<{ password: string }>()).password === "pass-word-2"
      ? c.json("token-1")
      : c.json({ message: "no" }, 401),
  )
  .get("/rest/V1/orders", (c) =>
    c.req.header("authorization") === "Bearer token-1"
      ? c.json({ items: [{ increment_id: "000000190" }] })
      : c.json({}, 401),
  )
  .get("/sales/order/view/order_id/190/", (c) => c.html("<title>Order</title><p id=status>Complete</p>"))
  .get("/", (c) => c.html("<title>Shop</title><p>Welcome</p>"));

let servers: Listening[];
let directory: string;
let file: string;
/** Settings with the same tasks, in which GitLab's address is the forum's. */
let forumOnly: string;
const task = (task_id: number, more: Record<string, unknown>) => ({
  task_id,
  sites: ["reddit"],
  start_url: "__REDDIT__/",
  intent: "Do it",
  storage_state: null,
  ...more,
});
const text = (reference_answers: unknown) => ({ eval_types: ["string_match"], reference_answers });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-webarena-"));
  servers = [await listen(forum.fetch, { port: 0 }), await listen(shop.fetch, { port: 0 })];
  const target = (locator: string, required_contents: unknown) => ({
    url: "func:reddit_get_post_url('__last_url__')",
    locator,
    required_contents,
  });
  const tasks = [
    task(0, { eval: text({ exact_match: "N/A" }) }),
    task(1, {
      storage_state: "./.auth/reddit_state.json",
      eval: {
        eval_types: ["url_match", "program_html"],
        reference_url: "__REDDIT__/f/books/1",
        url_note: "GOLD in PRED",
        program_html: [
          target("document.querySelector('#text').outerText", { exact_match: "written" }),
          target("", { must_include: ["Q&amp;A"] }),
        ],
      },
    }),
    task(2, { eval: { eval_types: ["page_image_query"] } }),
    task(3, { sites: ["shopping"], start_url: "__SHOPPING__/", eval: text({ exact_match: "N/A" }) }),
    task(4, { storage_state: "./.auth/gitlab_state.json", eval: text({ exact_match: "N/A" }) }),
    task(5, { sites: ["map"], start_url: "__MAP__/", eval: text({ exact_match: "N/A" }) }),
    task(6, { eval: text({ fuzzy_match: ["five"] }) }),
  ];
  const lite = tasks.map((one) => ({ ...one, old_task_id: 1 }));
  await writeFile(join(directory, "tasks.json"), JSON.stringify(lite));
  const whole = [
    task(0, { start_url: "__REDDIT__/ |AND| __SHOPPING__/", eval: text({ exact_match: "Shop" }) }),
    task(1, { eval: text({ fuzzy_match: ["five"] }) }),
    task(2, {
      sites: ["shopping"],
      start_url: "__SHOPPING__/",
      eval: {
        eval_types: ["program_html"],
        program_html: [
          {
            url: "func:shopping_get_latest_order_url()",
            locator: "document.querySelector('#status').outerText",
            required_contents: { exact_match: "Complete" },
          },
        ],
      },
    }),
    task(3, {
      start_url: "__REDDIT__/mine",
      storage_state: "./.auth/reddit_state.json",
      eval: {
        eval_types: ["program_html"],
        program_html: [
          { url: "__REDDIT__/mine", locator: "document.title", required_contents: { exact_match: "Mine" } },
        ],
      },
    }),
  ];
  whole.push(
    task(4, {
      start_url: "__REDDIT__/cart-start",
      eval: {
        eval_types: ["program_html"],
        program_html: [
          {
            url: "__REDDIT__/cart",
            locator: "document.querySelector('#cart').outerText",
            required_contents: { exact_match: "a lamp" },
          },
        ],
      },
    }),
  );
  await writeFile(join(directory, "whole.json"), JSON.stringify(whole));
  const instructions = { intent: "What do I have?", sites: ["reddit"], start_url: "__REDDIT__/mine" };
  await writeFile(join(directory, "train.jsonl"), `${JSON.stringify(instructions)}\n`);
  const wholeSettings = {
    tasks: "whole.json",
    instructions: "train.jsonl",
    urls: {
      reddit: `http://127.0.0.1:${servers[0]!.port}`,
      shopping: `http://127.0.0.1:${servers[1]!.port}`,
    },
    accounts: { reddit: { username: "ada" } },
  };
  await writeFile(join(directory, "whole-settings.json"), JSON.stringify(wholeSettings));
  forumOnly = join(directory, "forum-only.json");
  const forumUrl = `http://127.0.0.1:${servers[0]!.port}`;
  await writeFile(
    forumOnly,
    JSON.stringify({
      tasks: "tasks.json",
      urls: { reddit: forumUrl, gitlab: forumUrl },
      accounts: { reddit: { username: "ada" } },
    }),
  );
  file = join(directory, "webarena.json");
  await writeFile(
    file,
    JSON.stringify({
      tasks: "tasks.json",
      // Nothing listens at the map's address.
      urls: {
        reddit: `http://127.0.0.1:${servers[0]!.port}`,
        gitlab: "http://127.0.0.1:9",
        map: "http://127.0.0.1:9",
      },
      accounts: { reddit: { username: "ada" } },
      reset: "echo reset >> resets",
    }),
  );
});
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const policy: Policy = {
  name: "test",
  begin: (begun) => {
    const steps = begun.id.endsWith(".1") ? ['do(action="Click", element="button Post")'] : [];
    return async () => {
      const response = steps.shift() ?? 'exit(message="N/A")';
      return { kind: "act", response, action: parseAction(response) };
    };
  },
};

async function run(env: Record<string, string>) {
  const { loadWebArenaSuite } = await import("./suite.ts");
  const suite = await loadWebArenaSuite(file, { env }, "webarena-lite");
  await using site = await suite.createSite();
  const records = await rollout({
    site,
    policy,
    config: parseConfig(rolloutConfigSchema, { parallel: 3 }),
    requests: suite.tasks().map((one) => ({ id: one.id, task: one, seed: 1 })),
  });
  return { records, score: scoreEpisodes(records, suite.column?.bind(suite)), ...explainFailures(records) };
}

test("what is wrong with one task is named, and the others are scored", async () => {
  const { score, faulted } = await run({ WEBARENA_REDDIT_PASSWORD: "pass-word-1" });
  expect(score).toMatchObject({ tasks: 2, successes: 2, faults: 5, bySite: { reddit: { tasks: 2 } } });
  const said = Object.fromEntries(faulted.map(({ task: id, message }) => [id.split(".")[1], message]));
  expect(new Set(faulted.map(({ code }) => code))).toEqual(new Set(["task_unusable"]));
  expect(said["2"]).toMatch(/cannot be used: eval.eval_types/);
  expect(said["3"]).toMatch(/SHOPPING, the base URL/);
  expect(said["4"]).toMatch(/gitlab_state.json does not exist.*webrl suite login/);
  expect(said["5"]).toMatch(/127.0.0.1:9 has never shown a page/);
  expect(said["6"]).toMatch(/--judge/);
  expect(await readFile(join(directory, "resets"), "utf8")).toBe("reset\n");
});

test("a login state that cannot be read is made anew, or named if the password is missing", async () => {
  const { loadWebArenaSuite } = await import("./suite.ts");
  await mkdir(join(directory, ".auth"), { recursive: true });
  await writeFile(join(directory, ".auth", "reddit_state.json"), "{oops");
  const state = join(directory, ".auth", "reddit_state.json");
  const start = async (env: Record<string, string>) => {
    const suite = await loadWebArenaSuite(file, { env }, "webarena-lite");
    await using site = await suite.createSite();
    await using episode = await site.start(suite.task("webarena-lite.1"), { seed: 1 });
    return episode.first.title;
  };
  const cookie = { name: "session", value: "secret-1", domain: "127.0.0.1", path: "/" };
  const texts = [
    "{oops",
    "[]",
    ...[{ domain: "" }, { path: "x" }, { value: 5 }].map((wrong) =>
      JSON.stringify({ cookies: [{ ...cookie, ...wrong }] }),
    ),
  ];
  for (const text of texts) {
    await writeFile(state, text);
    await expect(start({})).rejects.toMatchObject({
      code: "task_unusable",
      message: expect.stringMatching(/reddit_state.json is malformed: [^\n]*webrl suite login/),
    });
    expect(await start({ WEBARENA_REDDIT_PASSWORD: "pass-word-1" })).toBe("Forum");
  }
  await rm(state);
  await mkdir(state);
  await expect(start({ WEBARENA_REDDIT_PASSWORD: "pass-word-1" })).rejects.toMatchObject({
    code: "task_unusable",
    message: expect.stringMatching(/reddit_state.json cannot be written: EISDIR/),
  });
  await rm(state, { recursive: true });
  expect(await start({ WEBARENA_REDDIT_PASSWORD: "pass-word-1" })).toBe("Forum");
});

test("a task with an address that is none is not started; a check's page that does not open is said in one line", async () => {
  const { loadWebArenaSuite } = await import("./suite.ts");
  const check = (url: string) => ({
    eval: {
      eval_types: ["program_html"],
      program_html: [{ url, locator: "", required_contents: { must_include: ["x"] } }],
    },
  });
  const tasks = [
    task(0, { start_url: "http://", eval: text({ exact_match: "N/A" }) }),
    task(1, check("nonsense")),
    task(2, check("http://127.0.0.1:10/")),
    task(3, check("__GITLAB__/x")),
  ];
  await writeFile(join(directory, "addresses.json"), JSON.stringify(tasks));
  const urls = { reddit: `http://127.0.0.1:${servers[0]!.port}`, gitlab: "http://127.0.0.1:9" };
  const path = join(directory, "addresses-settings.json");
  await writeFile(path, JSON.stringify({ tasks: "addresses.json", urls }));
  const suite = await loadWebArenaSuite(path, { env: {} }, "webarena");
  await using site = await suite.createSite();
  const start = (id: number) => site.start(suite.task(`webarena.${id}`), { seed: 1 });
  for (const id of [0, 1, 2]) await expect(start(id)).rejects.toMatchObject({ code: "task_unusable" });
  await using episode = await start(3);
  await expect(episode.verify("")).rejects.toMatchObject({
    code: "site_down",
    message: expect.stringMatching(
      /^http:\/\/127.0.0.1:9\/x could not be opened for the evaluation: page.goto: net::ERR_\w+ at [^\s]+$/,
    ),
  });
});

test("a login state that has expired is made anew, or named if the password is missing; it is not a failure", async () => {
  sessions.clear();
  const expired = await run({});
  expect(expired.faulted.find(({ task: id }) => id === "webarena-lite.1")?.message).toMatch(
    /reddit_state.json has expired/,
  );
  expect(expired.failures).toEqual({});
  const anew = await run({ WEBARENA_REDDIT_PASSWORD: "pass-word-1" });
  expect(anew.faulted.map(({ task: id }) => id)).not.toContain("webarena-lite.1");
});

test("a site that is down makes its tasks unusable, also if they need a login; nobody waits for it", async () => {
  const { loadWebArenaSuite } = await import("./suite.ts");
  const state = join(directory, ".auth", "gitlab_state.json");
  const suite = await loadWebArenaSuite(
    file,
    { env: { WEBARENA_GITLAB_PASSWORD: "pass-word-3" } },
    "webarena-lite",
  );
  const start = async () => {
    await using site = await suite.createSite();
    return await site.start(suite.task("webarena-lite.4"), { seed: 1 });
  };
  const down = (path: string) => ({
    code: "task_unusable",
    message: expect.stringMatching(
      `^127.0.0.1:9 has never shown a page: http://127.0.0.1:9${path} cannot be reached: `,
    ),
  });
  await expect(start()).rejects.toMatchObject(down("/users/sign_in"));
  await writeFile(state, JSON.stringify({ cookies: [] }));
  await expect(start()).rejects.toMatchObject(down("/-/profile"));
  await rm(state);
});

test("a task with require_reset is reset once, alone on all sites; if its reset fails later, the others go on", async () => {
  const { loadWebArenaSuite } = await import("./suite.ts");
  const evaluation = text({ exact_match: "N/A" });
  const tasks = [
    task(0, { require_reset: true, eval: evaluation }),
    task(1, { eval: evaluation }),
    task(2, { sites: ["map"], require_reset: true, eval: evaluation }),
  ];
  await writeFile(join(directory, "reset-tasks.json"), JSON.stringify(tasks));
  const settings = {
    tasks: "reset-tasks.json",
    urls: { reddit: `http://127.0.0.1:${servers[0]!.port}` },
    reset: "echo reset >> counted; test $(wc -l < counted) -lt 3",
  };
  const path = join(directory, "reset.json");
  await writeFile(path, JSON.stringify(settings));
  const suite = await loadWebArenaSuite(path, { env: {} }, "webarena");
  await using site = await suite.createSite();
  const start = (id: number) => site.start(suite.task(`webarena.${id}`), { seed: 1 });
  const first = await start(0);
  expect(site.resetMs).toHaveLength(1);
  await first[Symbol.asyncDispose]();
  const running = await start(1);
  const second = start(2);
  // It waits for the episode, although that is on another site.
  await running.step(parseAction('do(action="Wait")'));
  expect(site.resetMs).toHaveLength(1);
  await running[Symbol.asyncDispose]();
  await using opened = await second;
  expect(opened.first.title).toBe("Forum");
  expect(site.resetMs).toHaveLength(2);
  await opened[Symbol.asyncDispose]();
  await expect(start(0)).rejects.toMatchObject({
    code: "task_unusable",
    message: expect.stringMatching(/the reset `echo reset.*` failed/),
  });
  await using last = await start(1);
  expect(last.first.title).toBe("Forum");
});

test("a sign-in that failed is not tried again for each task", async () => {
  const { loadWebArenaSuite } = await import("./suite.ts");
  await rm(join(directory, ".auth", "reddit_state.json"), { force: true });
  const suite = await loadWebArenaSuite(
    file,
    { env: { WEBARENA_REDDIT_PASSWORD: "wrong" } },
    "webarena-lite",
  );
  await using site = await suite.createSite();
  const before = refused;
  for (const seed of [1, 2])
    await expect(site.start(suite.task("webarena-lite.1"), { seed })).rejects.toMatchObject({
      code: "task_unusable",
      message: expect.stringMatching(/the login is not valid: reddit/),
    });
  expect(refused - before).toBe(1);
});

test("suite login tries every state: it says what is missing, and which fields a sign-in page has", async () => {
  const logIn = async () => {
    const { status, stdout } = await webrl("suite", "login", "--file", forumOnly);
    return [status, ...stdout.trim().split("\n")];
  };
  vi.stubEnv("WEBARENA_GITLAB_PASSWORD", "pass-word-3");
  const gitlab = expect.stringMatching(
    /^FAILED {2}gitlab_state.json: signing in to gitlab .*users\/sign_in has: text \(label "User"/,
  );
  const noPassword = expect.stringMatching(
    /^FAILED {2}reddit_state.json: there is no password for ada on reddit/,
  );
  expect(await logIn()).toEqual([1, noPassword, gitlab]);
  vi.stubEnv("WEBARENA_REDDIT_PASSWORD", "pass-word-1");
  expect(await logIn()).toEqual([1, expect.stringMatching(/^made {4}.*reddit_state.json$/), gitlab]);
  vi.unstubAllEnvs();
  const noLogin = join(directory, "no-login.json");
  await writeFile(noLogin, JSON.stringify([task(0, { eval: text({ exact_match: "N/A" }) })]));
  const { status, stdout } = await webrl("suite", "login", "--file", noLogin);
  expect([status, stdout.trim()]).toEqual([0, `No task of ${noLogin} needs a login.`]);
  const suite = await loadSuite("webarena-lite", file);
  expect(suite.tasks()).toHaveLength(7);
});

test("a task that cannot be used is seen before an evaluation", async () => {
  const of = ["--suite", "webarena-lite", "--file", file];
  const list = await webrl("suite", "list", ...of);
  expect(list.stdout).toMatch(
    /7 tasks\n2 of them cannot be used:\n {2}webarena-lite\.2: eval\.eval_types.*\n {2}webarena-lite\.3: it needs SHOPPING/,
  );
  expect((await webrl("suite", "show", "webarena-lite.2", ...of)).stdout).toMatch(
    /unusable +eval\.eval_types/,
  );
  expect((await webrl("suite", "show", "webarena-lite.0", ...of)).stdout).not.toMatch(/unusable/);
});

test("tabs, a judge, the shop's own word, an instruction to train on, and an agent that signs out", async () => {
  const { loadWebArenaSuite } = await import("./suite.ts");
  const asked: string[] = [];
  const judge: ChatModel = {
    name: "judge",
    chat: async ({ messages }) => {
      asked.push(messages.at(-1)!.content);
      return { text: "They mean the same.\ncorrect", stop: "stop" };
    },
  };
  const env = {
    WEBARENA_REDDIT_PASSWORD: "pass-word-1",
    WEBARENA_SHOPPING_SITE_ADMIN_PASSWORD: "pass-word-2",
  };
  const suite = await loadWebArenaSuite(join(directory, "whole-settings.json"), { env, judge }, "webarena");
  await using site = await suite.createSite();
  const seen: string[] = [];
  const acting: Policy = {
    name: "test",
    begin: ({ id }) => {
      const steps = {
        "webarena.0": ['do(action="Switch Tab", argument="1")', 'exit(message="Shop")'],
        "webarena.1": ['exit(message="5")'],
        "webarena.4": ['do(action="Click", element="link Buy")', 'exit(message="")'],
        "webarena.3": ['do(action="Click", element="link Log out")', 'exit(message="")'],
      }[id] ?? ['exit(message="")'];
      return async ({ observation }) => {
        seen.push(`${id} ${observation.tabs.map(({ title, active }) => title + (active ? "*" : "")).join()}`);
        const response = steps.shift()!;
        return { kind: "act", response, action: parseAction(response) };
      };
    },
  };
  const requests = ["0", "1", "2", "train/0", "4", "3", "3#again"].map((id) => ({
    id: `webarena.${id}`,
    task: suite.task(`webarena.${id.split("#")[0]}`),
    seed: 1,
  }));
  const records = await rollout({
    site,
    policy: acting,
    config: parseConfig(rolloutConfigSchema, { parallel: 1 }),
    requests,
  });
  const ends = records.map(({ id, truth }) => [id, truth?.success]);
  expect(Object.fromEntries(ends)).toEqual({
    "webarena.0": true,
    "webarena.1": true,
    "webarena.2": true,
    // What the episode put into the cart is there when its check looks.
    "webarena.4": true,
    // Nobody knows: a model judges it.
    "webarena.train/0": undefined,
    "webarena.3": false,
    "webarena.3#again": false,
  });
  expect(seen).toContain("webarena.0 Forum*,Shop");
  expect(seen).toContain("webarena.0 Forum,Shop*");
  // Signed in as the tasks of its site are.
  expect(seen).toContain("webarena.train/0 Mine*");
  // After signing out, the user's own page is not there. The next episode signs in again.
  const twice = ["webarena.3 Mine*", "webarena.3 *"];
  expect(seen.filter((line) => line.startsWith("webarena.3"))).toEqual([...twice, ...twice]);
  expect(asked).toEqual([expect.stringMatching(/five[^]*5/)]);
});
