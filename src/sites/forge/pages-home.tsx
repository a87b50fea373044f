/** @file Dashboard, projects, all issues, profiles, signing in and out. */

import type { Hono } from "hono";
import { shortDay } from "../dates.ts";
import { signInPages, countNoun, fields, type Ctx, type Env } from "../kit.tsx";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Facts,
  Field,
  Heading,
  Pagination,
  paginate,
  Table,
  withQuery,
} from "../ui.tsx";
import { accounts, COOKIE, currentUser, flash, notFound, page, PER_PAGE, state } from "./context.tsx";
import { forgeUser, maySee, openForgeSession, projectOf, roleOf, setStatus } from "./domain.ts";
import type { Project } from "./state.ts";

export function homePages(app: Hono<Env>): void {
  app.get("/", dashboard);
  app.get("/projects", projectList);
  app.get("/issues", allIssues);

  app.get("/suggest", (c) =>
    c.json(
      visible(c, c.req.query("q") ?? "")
        .slice(0, 4)
        .map((p) => ({ label: p.title, href: `/p/${p.slug}` })),
    ),
  );

  app.get("/u/:name", (c) => profile(c));

  app.get("/status", (c) => (currentUser(c) ? statusPage(c) : c.redirect("/login")));

  app.post("/status", async (c) => {
    const user = currentUser(c);
    if (!user) return c.redirect("/login");
    const { status = "", busy } = await fields(c);
    if (status.length > 60) return statusPage(c, "At most 60 characters");
    setStatus(c.env.world, user.name, status, busy === "on");
    flash(c, "Status saved");
    return c.redirect(`/u/${user.name}`);
  });

  signInPages(app, {
    cookie: COOKIE,
    openSession: (c, user) => openForgeSession(state(c), user),
    accounts,
    page,
  });
}

/** Projects that the asking user may see and whose title has every word of the query. */
function visible(c: Ctx, query: string): Project[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const name = currentUser(c)?.name;
  return state(c).projects.filter(
    (p) =>
      maySee(p, name) &&
      words.every((word) => `${p.title} ${p.description} ${p.language}`.toLowerCase().includes(word)),
  );
}

function dashboard(c: Ctx) {
  const user = currentUser(c);
  if (!user) return c.redirect("/login");
  const titles = new Map(state(c).projects.map((p) => [p.slug, p.title]));
  const issues = state(c)
    .issues.filter((i) => i.open && i.assignee === user.name)
    .sort((a, b) => b.at.localeCompare(a.at))
    .slice(0, 6);
  const mine = state(c).projects.filter((p) => roleOf(p, user.name) === "Owner");
  return page(
    c,
    "Dashboard",
    <>
      <Heading title="Dashboard" />
      <div class="cols side">
        <div>
          <h2>Assigned to you</h2>
          {issues.length === 0 ? (
            <Empty text="Nothing is assigned to you" />
          ) : (
            <Table
              head={["Issue", "Project", "Opened"]}
              rows={issues.map((i) => [
                <a href={`/p/${i.project}/issues/${i.number}`}>{i.title}</a>,
                titles.get(i.project),
                shortDay(i.at),
              ])}
            />
          )}
        </div>
        <Card title="Your projects">
          {mine.map((p) => (
            <p>
              <a href={`/p/${p.slug}`}>{p.title}</a>
            </p>
          ))}
        </Card>
      </div>
    </>,
  );
}

function projectList(c: Ctx) {
  const q = (c.req.query("q") ?? "").trim();
  const sort = c.req.query("sort") ?? "name";
  const found = visible(c, q);
  if (sort === "stars") found.sort((a, b) => b.stars - a.stars || a.title.localeCompare(b.title));
  else if (sort === "forks") found.sort((a, b) => b.forks - a.forks || a.title.localeCompare(b.title));
  else found.sort((a, b) => a.title.localeCompare(b.title));
  const shown = paginate(found, Number(c.req.query("page") ?? 1), PER_PAGE);
  return page(
    c,
    "Projects",
    <>
      <Heading title={countNoun(found.length, "project")}>
        <form class="row" method="get" action="/projects">
          <input type="hidden" name="q" value={q} />
          <select name="sort" aria-label="Sort by">
            {[
              ["name", "Name"],
              ["stars", "Most stars"],
              ["forks", "Most forks"],
            ].map(([value, text]) => (
              <option value={value} selected={value === sort}>
                {text}
              </option>
            ))}
          </select>
          <Button kind="plain">Apply</Button>
        </form>
      </Heading>
      {found.length === 0 ? (
        <Empty text="No projects found" />
      ) : (
        <Table
          head={["Project", "Description", "Language", "Stars", "Forks", "Visibility"]}
          numeric={[3, 4]}
          rows={shown.items.map((p) => [
            <a href={`/p/${p.slug}`}>{p.title}</a>,
            p.description,
            p.language,
            p.stars,
            p.forks,
            <Badge tone={p.visibility === "Public" ? "good" : undefined}>{p.visibility}</Badge>,
          ])}
        />
      )}
      <Pagination {...shown} href={(n) => withQuery("/projects", { q, sort }, { page: n })} />
    </>,
  );
}

/** A table that is wider than the screen: every column that an issue has. */
function allIssues(c: Ctx) {
  const user = currentUser(c);
  const q = (c.req.query("q") ?? "").trim();
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const seen = new Map(visible(c, "").map((p) => [p.slug, p]));
  const found = state(c)
    .issues.filter((i) => {
      const text = `${i.title} ${seen.get(i.project)?.title ?? ""}`.toLowerCase();
      return seen.has(i.project) && words.every((word) => text.includes(word));
    })
    .sort((a, b) => b.at.localeCompare(a.at));
  const shown = paginate(found, Number(c.req.query("page") ?? 1), PER_PAGE);
  return page(
    c,
    "All issues",
    <>
      <Heading title={countNoun(found.length, "issue")}>
        <form class="row" method="get" action="/issues">
          <input name="q" aria-label="Find issue" placeholder="Title or project" value={q} />
          <Button kind="plain">Find</Button>
        </form>
      </Heading>
      {found.length === 0 ? (
        <Empty text="No issues found" />
      ) : (
        <Table
          wide
          head={[
            "Issue",
            "Project",
            "State",
            "Assignee",
            "Labels",
            "Milestone",
            "Author",
            "Opened",
            "Your role",
          ]}
          rows={shown.items.map((i) => [
            <a href={`/p/${i.project}/issues/${i.number}`}>{i.title}</a>,
            seen.get(i.project)?.title,
            i.open ? "Open" : "Closed",
            i.assignee ?? "Nobody",
            i.labels.join(", "),
            i.milestone ?? "None",
            i.author,
            shortDay(i.at),
            roleOf(projectOf(state(c), i.project)!, user?.name) ?? "None",
          ])}
        />
      )}
      <Pagination {...shown} href={(n) => withQuery("/issues", { q }, { page: n })} />
    </>,
  );
}

function profile(c: Ctx) {
  const user = forgeUser(state(c), c.req.param("name") ?? "");
  if (!user) return notFound(c, "There is no such user");
  const asking = currentUser(c)?.name;
  const projects = state(c).projects.flatMap((project) => {
    const role = roleOf(project, user.name);
    return role && maySee(project, asking) ? [{ project, role }] : [];
  });
  return page(
    c,
    user.name,
    <>
      <Heading title={user.name}>
        {asking === user.name && <ButtonLink href="/status">Edit status</ButtonLink>}
      </Heading>
      <Card>
        <Facts
          items={[
            ["Name", user.fullName],
            ["Status", user.status || "None"],
            ["Availability", user.busy ? "Busy" : "Available"],
          ]}
        />
      </Card>
      <h2>Projects</h2>
      {projects.length === 0 ? (
        <Empty text="No projects yet" />
      ) : (
        <Table
          head={["Project", "Role"]}
          rows={projects.map(({ project, role }) => [
            <a href={`/p/${project.slug}`}>{project.title}</a>,
            role,
          ])}
        />
      )}
    </>,
    { narrow: true },
  );
}

function statusPage(c: Ctx, error?: string) {
  const user = currentUser(c);
  return page(
    c,
    "Edit status",
    <>
      <Heading title="Edit status" />
      <form method="post" action="/status" class="card">
        <Field label="Status" name="status" value={user?.status} error={error} />
        <Field label="Busy" name="busy" type="checkbox" checked={user?.busy} />
        <Button>Save status</Button>
      </form>
    </>,
    { narrow: true },
  );
}
