/** @file The forge without a browser: its data, its pages, and that pages and domain functions agree. */

import { beforeEach, expect, test } from "vitest";
import { expectChange, expectNoChange } from "../verify.ts";
import { createWorld, pristineState, type World } from "../world.ts";
import * as domain from "./domain.ts";
import { app } from "./app.ts";
import { createForgeState } from "./state.ts";

const ME = "mira";
let world: World;
let cookie: string;
beforeEach(() => {
  world = createWorld(["forge"]);
  cookie = world.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
});

const send = async (path: string, form?: Record<string, string>, as = cookie) =>
  world.hosts.get(app.host)!(
    new Request(`http://${app.host}${path}`, {
      headers: { cookie: as },
      ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
    }),
  );

const reasons = (check: ReturnType<typeof expectChange>) =>
  check({
    answer: null,
    url: "",
    pageText: "",
    state: world.state,
    initial: pristineState(),
    volatile: app.volatile,
  });

/** A project in which the usual user has this role. */
const withRole = (role: string | null) =>
  world.state.forge.projects.find((p) => domain.roleOf(p, ME) === role)!.slug;

test("the forge has a believable size, and titles are unique where people look them up", () => {
  const state = createForgeState();
  expect(state.projects).toHaveLength(25);
  expect(state.issues).toHaveLength(300);
  expect(state.mergeRequests).toHaveLength(100);
  expect(state.remarks.length).toBeGreaterThan(400);
  expect(new Set(state.projects.map((p) => p.title)).size).toBe(25);
  for (const list of [state.issues, state.mergeRequests])
    expect(new Set(list.map((x) => `${x.project} ${x.title}`)).size).toBe(list.length);
  for (const project of state.projects)
    expect(project.members.filter((m) => m.role === "Owner")).toHaveLength(1);
});

test("two copies of the data are equal and independent", () => {
  const [a, b] = [createForgeState(), createForgeState()];
  expect(a).toEqual(b);
  a.issues[0]!.labels.push("changed");
  expect(b.issues[0]!.labels).not.toContain("changed");
});

test.each([
  "/",
  "/projects",
  "/projects?q=rust&sort=stars",
  "/projects?q=nothinglikethis",
  "/issues",
  "/issues?q=crash&page=2",
  "/p/garden-planner",
  "/p/garden-planner/issues",
  "/p/garden-planner/issues?state=all&label=Bug&assignee=nobody",
  "/p/garden-planner/issues/3",
  "/p/garden-planner/issues/new",
  "/p/garden-planner/merge-requests",
  "/p/garden-planner/merge-requests/3",
  "/p/garden-planner/commits",
  "/p/garden-planner/members",
  "/p/garden-planner/settings",
  "/p/garden-planner/files/docs/guide.md",
  "/p/garden-planner/new-file",
  "/p/garden-planner/edit-file?path=README.md",
  "/u/anton",
  "/status",
  "/login",
])("%s shows a page whose links and buttons all have names of their own", async (path) => {
  const response = await send(path);
  expect(response.status).toBe(200);
  const html = (await response.text()).replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, "");
  const names = [...html.matchAll(/<(a|button)\b([^>]*)>(.*?)<\/\1>/gs)].map(
    ([, tag, attributes = "", content = ""]) =>
      `${tag} ${/aria-label="([^"]*)"/.exec(attributes)?.[1] ?? content.replace(/<[^>]*>/g, "").trim()}`,
  );
  expect(names.filter((name) => name === "a " || name === "button ")).toEqual([]);
  // Issues of different projects may share a title.
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  expect(path.startsWith("/issues") ? [] : twice).toEqual([]);
});

test.each(["/nope", "/p/nope", "/p/garden-planner/issues/999", "/p/garden-planner/files/nope", "/u/nobody"])(
  "%s is not found",
  async (path) => {
    expect((await send(path)).status).toBe(404);
  },
);

test("looking changes nothing", async () => {
  for (const path of ["/", "/projects", "/issues", "/p/garden-planner", "/p/garden-planner/issues/3"])
    await send(path);
  expect(reasons(expectNoChange())).toEqual([]);
});

test("issues from forms are what the verifier expects", async () => {
  const slug = withRole("Developer");
  await send(`/p/${slug}/issues/new`, { title: "Hello", text: "World", label: "Bug", assignee: "" });
  const [issue] = domain.issuesOf(world.state.forge, slug);
  const base = `/p/${slug}/issues/${issue!.number}`;
  await send(`${base}/comment`, { text: "Me too" });
  await send(`${base}/details`, { "label-Docs": "on", assignee: ME, milestone: "Spring release" });
  await send(`${base}/state`, { open: "no" });
  expect(
    reasons(
      expectChange((w) => {
        const { number } = domain.createIssue(w, ME, slug, {
          title: "Hello",
          text: "World",
          labels: ["Bug"],
        });
        domain.addRemark(w, ME, slug, "issue", number, "Me too");
        domain.editIssue(w, slug, number, { labels: ["Docs"], assignee: ME, milestone: "Spring release" });
        domain.setIssueOpen(w, slug, number, false);
      }),
    ),
  ).toEqual([]);
});

test("members, files, settings and stars from forms are what the verifier expects", async () => {
  const slug = withRole("Owner");
  const project = domain.projectOf(world.state.forge, slug)!;
  const user = world.state.forge.users.find((u) => !domain.roleOf(project, u.name))!.name;
  await send(`/p/${slug}/members/invite`, { user, role: "Reporter" });
  await send(`/p/${slug}/members/role`, { user, role: "Maintainer" });
  await send(`/p/${slug}/new-file`, { path: "docs/new.md", text: "One\r\ntwo" });
  await send(`/p/${slug}/settings`, {
    title: "New Name",
    description: project.description,
    visibility: "Public",
  });
  await send(`/p/${slug}/star`, { on: "yes" });
  await send("/status", { status: "Away", busy: "on" });
  expect(
    reasons(
      expectChange((w) => {
        domain.inviteMember(w, slug, user, "Reporter");
        domain.changeRole(w, slug, user, "Maintainer");
        domain.createFile(w, ME, slug, { path: "docs/new.md", text: "One\ntwo" });
        domain.editProject(w, slug, { title: "New Name", visibility: "Public" });
        domain.setStarred(w, ME, slug, true);
        domain.setStatus(w, ME, "Away", true);
      }),
    ),
  ).toEqual([]);
  expect(reasons(expectNoChange())).not.toEqual([]);
});

test("merging leaves a commit; conflicts and closed requests do not merge", async () => {
  const mergeable = world.state.forge.mergeRequests.find(
    (m) =>
      m.state === "open" &&
      !m.conflicts &&
      domain.mayMaintain(domain.projectOf(world.state.forge, m.project)!, ME),
  )!;
  const blocked = world.state.forge.mergeRequests.find(
    (m) =>
      (m.conflicts || m.state !== "open") &&
      domain.mayMaintain(domain.projectOf(world.state.forge, m.project)!, ME),
  )!;
  expect((await send(`/p/${blocked.project}/merge-requests/${blocked.number}/merge`, {})).status).toBe(403);
  await send(`/p/${mergeable.project}/merge-requests/${mergeable.number}/merge`, {});
  expect(reasons(expectChange((w) => domain.merge(w, ME, mergeable.project, mergeable.number)))).toEqual([]);
  expect(domain.projectOf(world.state.forge, mergeable.project)!.commits.at(-1)!.title).toContain("Merge");
});

test("strangers to a project may comment, and nothing else", async () => {
  const slug = withRole(null);
  for (const [path, form] of [
    ["issues/1/state", { open: "no" }],
    ["issues/1/details", { assignee: "" }],
    ["members/invite", { user: "anton", role: "Guest" }],
    ["new-file", { path: "x.md", text: "x" }],
    ["delete-file?path=README.md", {}],
    ["settings", { title: "Mine now", description: "", visibility: "Public" }],
    ["archive", { on: "yes" }],
    ["merge-requests/2/merge", {}],
  ] as [string, Record<string, string>][])
    expect((await send(`/p/${slug}/${path}`, form)).status).toBe(403);
  expect((await send(`/p/${slug}/settings`)).status).toBe(403);
  expect(reasons(expectNoChange())).toEqual([]);
  await send(`/p/${slug}/issues/1/comment`, { text: "Hello" });
  expect(reasons(expectChange((w) => domain.addRemark(w, ME, slug, "issue", 1, "Hello")))).toEqual([]);
});

test("a private project exists for its members only", async () => {
  const project = world.state.forge.projects.find((p) => p.visibility === "Private")!;
  const stranger = world.state.forge.users.find((u) => !domain.roleOf(project, u.name))!;
  const theirs = `forge_session=${domain.openForgeSession(world.state.forge, stranger.name)}`;
  expect((await send(`/p/${project.slug}`)).status).toBe(200);
  for (const path of ["", "/issues", "/members", "/files/README.md"])
    expect((await send(`/p/${project.slug}${path}`, undefined, theirs)).status).toBe(404);
  expect(
    await (await send("/projects?q=" + project.slug.replace("-", "+"), undefined, theirs)).text(),
  ).toContain("No projects found");
});

test("the owner stays the owner, and forms say what is wrong", async () => {
  const slug = withRole("Maintainer");
  const project = domain.projectOf(world.state.forge, slug)!;
  const owner = project.members.find((m) => m.role === "Owner")!.user;
  expect((await send(`/p/${slug}/members/remove`, { user: owner })).status).toBe(403);
  expect(await (await send(`/p/${slug}/members/invite`, { user: "nobody", role: "Guest" })).text()).toContain(
    "No user is called nobody",
  );
  expect(await (await send(`/p/${slug}/new-file`, { path: "README.md", text: "x" })).text()).toContain(
    "README.md exists already",
  );
  expect(await (await send(`/p/${slug}/new-file`, { path: "../x y", text: "x" })).text()).toContain(
    "Use letters, digits, dots and slashes",
  );
  expect(reasons(expectNoChange())).toEqual([]);
});

test("an archived project can be read and not written", async () => {
  const slug = withRole("Owner");
  await send(`/p/${slug}/archive`, { on: "yes" });
  expect(reasons(expectChange((w) => domain.editProject(w, slug, { archived: true })))).toEqual([]);
  expect((await send(`/p/${slug}/new-file`, { path: "x.md", text: "x" })).status).toBe(403);
  expect((await send(`/p/${slug}`)).status).toBe(200);
});
