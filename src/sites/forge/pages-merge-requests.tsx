/** @file Merge requests of a project. */

import type { Hono } from "hono";
import { shortDay } from "../dates.ts";
import { countNoun, fields, type Ctx, type Env } from "../kit.tsx";
import {
  Badge,
  Button,
  Card,
  Empty,
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
  currentUser,
  flash,
  answerForbidden,
  notFound,
  PER_PAGE,
  projectAt,
  projectPage,
  state,
} from "./context.tsx";
import {
  addRemark,
  approve,
  mayMaintain,
  mayWrite,
  merge,
  mergeRequestOf,
  mergeRequestsOf,
  remarksOf,
  setMergeRequestOpen,
} from "./domain.ts";
import type { MergeRequest, Project } from "./state.ts";
import { Remarks } from "./remarks.tsx";

const NO_PROJECT = "This project does not exist or is private";

export function mergeRequestPages(app: Hono<Env>): void {
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
        <Heading title={countNoun(found.length, "merge request")}>
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
              shortDay(m.at),
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
        return answerForbidden(c, "Only developers may approve open merge requests");
      approve(c.env.world, user.name, slug, number, form.on === "yes");
      flash(c, form.on === "yes" ? "Approved" : "Approval taken back");
    } else {
      if (!mayMaintain(project, user.name) || project.archived)
        return answerForbidden(c, "Only maintainers may do that");
      if (verb === "merge") {
        if (request.state !== "open" || request.conflicts) return answerForbidden(c, "This cannot be merged");
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
                    {`Merge request ${request.number} by ${request.author} on ${shortDay(request.at)}, from ${request.source}. Approved by ${request.approvedBy.join(", ") || "nobody"}`}
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
