/** @file Issues and merge requests of a project. */

import type { Hono } from "hono";
import {
  Badge,
  Button,
  ButtonLink,
  Card,
  Empty,
  Field,
  Heading,
  Modal,
  Pagination,
  paginate,
  PostButton,
  Table,
  Tabs,
  withQuery,
} from "../ui.tsx";
import {
  counted,
  currentUser,
  day,
  fields,
  flash,
  forbidden,
  notFound,
  PER_PAGE,
  projectAt,
  projectPage,
  state,
  type Ctx,
  type Env,
} from "./context.tsx";
import { LABELS, MILESTONES } from "./content.ts";
import {
  addRemark,
  approve,
  createIssue,
  editIssue,
  issueOf,
  issuesOf,
  mayMaintain,
  mayWrite,
  merge,
  mergeRequestOf,
  mergeRequestsOf,
  remarksOf,
  setIssueOpen,
  setMergeRequestOpen,
} from "./domain.ts";
import type { Issue, MergeRequest, Project, Remark } from "./state.ts";

const NO_PROJECT = "This project does not exist or is private";
const ANY = ["", "Any"] as const;

export function workPages(app: Hono<Env>): void {
  issuePages(app);
  mergeRequestPages(app);
}

function issuePages(app: Hono<Env>): void {
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
      return forbidden(c, "Only developers of this project may do that");
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
      <Heading title={counted(found.length, "issue")}>
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
            <small>{`Issue ${issue.number}, opened by ${issue.author} on ${day(issue.at)}`}</small>
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

function Remarks(props: { c: Ctx; path: string; remarks: Remark[]; error?: string }) {
  const { c, path, remarks, error } = props;
  return (
    <>
      {currentUser(c) && (
        <form method="post" action={`${path}/comment`} class="card">
          <Field label="Comment" name="text" type="textarea" rows={2} error={error} />
          <Button>Add comment</Button>
        </form>
      )}
      <h2>{counted(remarks.length, "comment")}</h2>
      {remarks.map((r) => (
        <div class="remark">
          <b>{r.author}</b>
          <p>{r.text}</p>
          <small>{day(r.at)}</small>
        </div>
      ))}
    </>
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

function mergeRequestPages(app: Hono<Env>): void {
  app.get("/p/:slug/merge-requests", (c) => {
    const project = projectAt(c);
    if (!project) return notFound(c, NO_PROJECT);
    const wanted = c.req.query("state") ?? "all";
    const found = mergeRequestsOf(state(c), project.slug).filter(
      (m) => wanted === "all" || m.state === wanted,
    );
    const shown = paginate(found, Number(c.req.query("page") ?? 1), PER_PAGE);
    const base = `/p/${project.slug}/merge-requests`;
    return projectPage(
      c,
      project,
      "Merge requests",
      <>
        <Heading title={counted(found.length, "merge request")}>
          <form class="row" method="get" action={base}>
            <select name="state" aria-label="State">
              {["all", "open", "merged", "closed"].map((s) => (
                <option value={s} selected={s === wanted}>
                  {s[0]!.toUpperCase() + s.slice(1)}
                </option>
              ))}
            </select>
            <Button kind="plain">Filter</Button>
          </form>
        </Heading>
        {found.length === 0 ? (
          <Empty text="No merge requests match" />
        ) : (
          <Table
            head={["No", "Merge request", "Author", "State", "Opened"]}
            rows={shown.items.map((m) => [
              m.number,
              <a href={`${base}/${m.number}`}>{m.title}</a>,
              m.author,
              m.state,
              day(m.at),
            ])}
          />
        )}
        <Pagination {...shown} href={(n) => withQuery(base, { state: wanted }, { page: n })} />
      </>,
    );
  });

  app.get("/p/:slug/merge-requests/:number{[0-9]+}", (c) => {
    const project = projectAt(c);
    const request = project && mergeRequestOf(state(c), project.slug, Number(c.req.param("number")));
    return project && request
      ? mergeRequestPage(c, project, request)
      : notFound(c, "There is no such merge request");
  });

  app.post("/p/:slug/merge-requests/:number{[0-9]+}/:verb{comment|approve|merge|state}", async (c) => {
    const project = projectAt(c);
    const request = project && mergeRequestOf(state(c), project.slug, Number(c.req.param("number")));
    const user = currentUser(c);
    if (!project || !request) return notFound(c, "There is no such merge request");
    if (!user) return c.redirect("/login");
    const { slug } = project;
    const { number } = request;
    const form = await fields(c);
    const verb = c.req.param("verb");
    if (verb === "comment") {
      if (!form.text) return mergeRequestPage(c, project, request, "Write something first");
      addRemark(c.env.world, user.name, slug, "merge request", number, form.text);
      flash(c, "Comment added");
    } else if (verb === "approve") {
      if (!mayWrite(project, user.name) || request.state !== "open")
        return forbidden(c, "Only developers may approve open merge requests");
      approve(c.env.world, user.name, slug, number, form.on === "yes");
      flash(c, form.on === "yes" ? "Approved" : "Approval taken back");
    } else {
      if (!mayMaintain(project, user.name) || project.archived)
        return forbidden(c, "Only maintainers may do that");
      if (verb === "merge") {
        if (request.state !== "open" || request.conflicts) return forbidden(c, "This cannot be merged");
        merge(c.env.world, user.name, slug, number);
        flash(c, `Merged ${request.source}`);
      } else if (request.state !== "merged") {
        setMergeRequestOpen(c.env.world, slug, number, form.open === "yes");
        flash(c, form.open === "yes" ? "Merge request reopened" : "Merge request closed");
      }
    }
    return c.redirect(`/p/${slug}/merge-requests/${number}`);
  });
}

function mergeRequestPage(c: Ctx, project: Project, request: MergeRequest, error?: string) {
  const path = `/p/${project.slug}/merge-requests/${request.number}`;
  return projectPage(
    c,
    project,
    "Merge requests",
    <>
      <Heading title={request.title}>
        <Badge tone={request.state === "open" ? "good" : request.state === "closed" ? "bad" : undefined}>
          {request.state}
        </Badge>
        <MergeRequestControls c={c} project={project} request={request} path={path} />
      </Heading>
      <Tabs
        tabs={[
          {
            id: "overview",
            label: "Overview",
            content: (
              <>
                <Card>
                  <p class="body">{request.text}</p>
                  {request.conflicts && (
                    <p>
                      <Badge tone="warn">Conflicts with main, cannot be merged</Badge>
                    </p>
                  )}
                  <small>
                    {`Merge request ${request.number} by ${request.author} on ${day(request.at)}, from ${request.source}. Approved by ${request.approvedBy.join(", ") || "nobody"}`}
                  </small>
                </Card>
                <Remarks
                  c={c}
                  path={path}
                  remarks={remarksOf(state(c), project.slug, "merge request", request.number)}
                  error={error}
                />
              </>
            ),
          },
          {
            id: "changes",
            label: "Changes",
            content: (
              <Table
                head={["File", "Added", "Removed"]}
                numeric={[1, 2]}
                rows={request.changes.map((x) => [x.path, x.added, x.removed])}
              />
            ),
          },
        ]}
      />
    </>,
    { title: request.title },
  );
}

function MergeRequestControls(props: { c: Ctx; project: Project; request: MergeRequest; path: string }) {
  const { c, project, request, path } = props;
  const user = currentUser(c)?.name;
  if (request.state === "merged" || !user || !mayWrite(project, user)) return <></>;
  const open = request.state === "open";
  const approved = request.approvedBy.includes(user);
  return (
    <>
      {open && (
        <PostButton
          action={`${path}/approve`}
          label={approved ? "Take approval back" : "Approve"}
          fields={{ on: approved ? "no" : "yes" }}
        />
      )}
      {mayMaintain(project, user) && (
        <>
          {open && !request.conflicts && (
            <Modal id="merge" open="Merge" kind="primary" title={`Merge ${request.source}?`}>
              <PostButton action={`${path}/merge`} label="Confirm merge" kind="primary" />
            </Modal>
          )}
          <PostButton
            action={`${path}/state`}
            label={open ? "Close merge request" : "Reopen merge request"}
            kind="danger"
            fields={{ open: open ? "no" : "yes" }}
          />
        </>
      )}
    </>
  );
}
