/** @file Issues of a project. */

import type { Hono } from "hono";
import { shortDay } from "../dates.ts";
import { countNoun, fields, type Ctx, type Env } from "../kit.tsx";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Field,
  Heading,
  Pagination,
  paginate,
  PostButton,
  Table,
  withQuery,
} from "../ui.tsx";
import {
  currentUser,
  flash,
  answerForbidden,
  notFound,
  PER_PAGE,
  projectAt,
  projectPage,
  state,
} from "./context.tsx";
import { LABELS, MILESTONES } from "./content.ts";
import {
  addRemark,
  createIssue,
  editIssue,
  issueOf,
  issuesOf,
  mayWrite,
  remarksOf,
  setIssueOpen,
} from "./domain.ts";
import type { Issue, Project } from "./state.ts";
import { Remarks } from "./remarks.tsx";

const NO_PROJECT = "This project does not exist or is private";

const ANY = ["", "Any"] as const;

export function issuePages(app: Hono<Env>): void {
  app.get("/p/:slug/issues", (c) => {
    const project = projectAt(c);
    return project ? issueList(c, project) : notFound(c, NO_PROJECT);
  });

  app.get("/p/:slug/issues/new", (c) => {
    const project = projectAt(c);
    if (!project) return notFound(c, NO_PROJECT);
    return currentUser(c) ? issueForm(c, project, {}) : c.redirect("/login");
  });

  app.post("/p/:slug/issues/new", async (c) => {
    const project = projectAt(c);
    const user = currentUser(c);
    if (!project) return notFound(c, NO_PROJECT);
    if (!user) return c.redirect("/login");
    const { title = "", text = "", label = "", assignee = "" } = await fields(c);
    const errors: Record<string, string> = {};
    if (title.length < 3) errors.title = "The title needs 3 characters or more";
    if (text === "") errors.text = "The description is empty";
    if (Object.keys(errors).length > 0)
      return issueForm(c, project, { title, text, label, assignee }, errors);
    const issue = createIssue(c.env.world, user.name, project.slug, {
      title,
      text,
      labels: LABELS.filter((l) => l === label),
      assignee: project.members.find((m) => m.user === assignee)?.user ?? null,
    });
    flash(c, `Issue ${issue.number} created`);
    return c.redirect(`/p/${project.slug}/issues/${issue.number}`);
  });

  app.get("/p/:slug/issues/:number{[0-9]+}", (c) => {
    const project = projectAt(c);
    const issue = project && issueOf(state(c), project.slug, Number(c.req.param("number")));
    return project && issue ? issuePage(c, project, issue) : notFound(c, "There is no such issue");
  });

  app.post("/p/:slug/issues/:number{[0-9]+}/:verb{state|details|comment}", async (c) => {
    const project = projectAt(c);
    const issue = project && issueOf(state(c), project.slug, Number(c.req.param("number")));
    const user = currentUser(c);
    if (!project || !issue) return notFound(c, "There is no such issue");
    if (!user) return c.redirect("/login");
    const { slug } = project;
    const form = await fields(c);
    const verb = c.req.param("verb");
    if (verb === "comment") {
      if (!form.text) return issuePage(c, project, issue, "Write something first");
      addRemark(c.env.world, user.name, slug, "issue", issue.number, form.text);
      flash(c, "Comment added");
    } else if (!mayWrite(project, user.name)) {
      return answerForbidden(c, "Only developers of this project may do that");
    } else if (verb === "state") {
      setIssueOpen(c.env.world, slug, issue.number, form.open === "yes");
      flash(c, form.open === "yes" ? `Issue ${issue.number} reopened` : `Issue ${issue.number} closed`);
    } else {
      editIssue(c.env.world, slug, issue.number, {
        labels: LABELS.filter((label) => form[`label-${label}`] === "on"),
        assignee: project.members.find((m) => m.user === form.assignee)?.user ?? null,
        milestone: MILESTONES.find((m) => m === form.milestone) ?? null,
      });
      flash(c, "Details saved");
    }
    return c.redirect(`/p/${slug}/issues/${issue.number}`);
  });
}

function issueList(c: Ctx, project: Project) {
  const query = {
    state: c.req.query("state") ?? "open",
    label: c.req.query("label") ?? "",
    assignee: c.req.query("assignee") ?? "",
  };
  const found = issuesOf(state(c), project.slug).filter(
    (i) =>
      (query.state === "all" || i.open === (query.state !== "closed")) &&
      (query.label === "" || i.labels.includes(query.label)) &&
      (query.assignee === "" || (i.assignee ?? "nobody") === query.assignee),
  );
  const shown = paginate(found, Number(c.req.query("page") ?? 1), PER_PAGE);
  const base = `/p/${project.slug}/issues`;
  return projectPage(
    c,
    project,
    "Issues",
    <>
      <Heading title={countNoun(found.length, "issue")}>
        <form class="row end" method="get" action={base}>
          <Field
            label="State"
            name="state"
            type="select"
            value={query.state}
            options={[
              ["open", "Open"],
              ["closed", "Closed"],
              ["all", "All"],
            ]}
          />
          <Field label="Label" name="label" type="select" value={query.label} options={[ANY, ...LABELS]} />
          <Field
            label="Assignee"
            name="assignee"
            type="select"
            value={query.assignee}
            options={[ANY, "nobody", ...project.members.map((m) => m.user)]}
          />
          <Button kind="plain">Filter</Button>
          <ButtonLink href={`${base}/new`} primary>
            New issue
          </ButtonLink>
        </form>
      </Heading>
      {found.length === 0 ? (
        <Empty text="No issues match" />
      ) : (
        <Table
          head={["No", "Issue", "Labels", "Assignee", "Milestone"]}
          rows={shown.items.map((i) => [
            i.number,
            <a href={`${base}/${i.number}`}>{i.title}</a>,
            i.labels.join(", "),
            i.assignee ?? "nobody",
            i.milestone ?? "None",
          ])}
        />
      )}
      <Pagination {...shown} href={(n) => withQuery(base, query, { page: n })} />
    </>,
  );
}

function issuePage(c: Ctx, project: Project, issue: Issue, error?: string) {
  const user = currentUser(c);
  const write = mayWrite(project, user?.name);
  const path = `/p/${project.slug}/issues/${issue.number}`;
  return projectPage(
    c,
    project,
    "Issues",
    <>
      <Heading title={issue.title}>
        <Badge tone={issue.open ? "good" : "bad"}>{issue.open ? "Open" : "Closed"}</Badge>
        {write && (
          <PostButton
            action={`${path}/state`}
            label={`${issue.open ? "Close" : "Reopen"} issue ${issue.number}`}
            fields={{ open: issue.open ? "no" : "yes" }}
          />
        )}
      </Heading>
      <div class="cols side">
        <div>
          <Card>
            <p class="body">{issue.text}</p>
            <small>{`Issue ${issue.number}, opened by ${issue.author} on ${shortDay(issue.at)}`}</small>
          </Card>
          <Remarks
            c={c}
            path={path}
            remarks={remarksOf(state(c), project.slug, "issue", issue.number)}
            error={error}
          />
        </div>
        {write ? (
          <form method="post" action={`${path}/details`} class="card">
            <Field
              label="Assignee"
              name="assignee"
              type="select"
              value={issue.assignee ?? ""}
              options={[["", "nobody"], ...project.members.map((m) => [m.user, m.user] as const)]}
            />
            <Field
              label="Milestone"
              name="milestone"
              type="select"
              value={issue.milestone ?? ""}
              options={[["", "None"], ...MILESTONES.map((m) => [m, m] as const)]}
            />
            <fieldset>
              <legend>Labels</legend>
              <div class="checks">
                {LABELS.map((label) => (
                  <Field
                    label={label}
                    name={`label-${label}`}
                    type="checkbox"
                    checked={issue.labels.includes(label)}
                  />
                ))}
              </div>
            </fieldset>
            <Button>Save details</Button>
          </form>
        ) : (
          <Card>
            <p>{`Assignee ${issue.assignee ?? "nobody"}`}</p>
            <p>{`Milestone ${issue.milestone ?? "None"}`}</p>
            <p>{`Labels ${issue.labels.join(", ") || "None"}`}</p>
          </Card>
        )}
      </div>
    </>,
    { title: issue.title },
  );
}

function issueForm(
  c: Ctx,
  project: Project,
  values: { title?: string; text?: string; label?: string; assignee?: string },
  errors: Record<string, string> = {},
) {
  return projectPage(
    c,
    project,
    "Issues",
    <form method="post" action={`/p/${project.slug}/issues/new`} class="card">
      <Field label="Title" name="title" value={values.title} error={errors.title} />
      <Field label="Description" name="text" type="textarea" value={values.text} error={errors.text} />
      <div class="row">
        <Field
          label="Label"
          name="label"
          type="select"
          value={values.label}
          options={[["", "None"], ...LABELS.map((l) => [l, l] as const)]}
        />
        <Field
          label="Assignee"
          name="assignee"
          type="select"
          value={values.assignee}
          options={[["", "nobody"], ...project.members.map((m) => [m.user, m.user] as const)]}
        />
      </div>
      <p />
      <Button>Create issue</Button>
    </form>,
    { title: "New issue", status: Object.keys(errors).length > 0 ? 422 : 200 },
  );
}
