/** @file A project's files and commits, stars and forks. */

import type { Hono } from "hono";
import { shortDay } from "../dates.ts";
import { fields, type Ctx, type Env } from "../kit.tsx";
import {
  Button,
  ButtonLink,
  Field,
  Heading,
  Modal,
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
} from "./context.tsx";
import { createFile, deleteFile, editFile, fork, mayWrite, setStarred } from "./domain.ts";
import { type Project } from "./state.ts";

const NO_PROJECT = "This project does not exist or is private";

export function projectPages(app: Hono<Env>): void {
  app.get("/p/:slug", (c) => {
    const project = projectAt(c);
    return project ? filesPage(c, project) : notFound(c, NO_PROJECT);
  });

  app.post("/p/:slug/:verb{star|fork}", async (c) => {
    const project = projectAt(c);
    const user = currentUser(c);
    if (!project) return notFound(c, NO_PROJECT);
    if (!user) return c.redirect("/login");
    if (c.req.param("verb") === "fork") {
      const copy = fork(c.env.world, user.name, project.slug);
      flash(c, `Forked ${project.title}`);
      return c.redirect(`/p/${copy.slug}`);
    }
    const on = (await fields(c)).on === "yes";
    setStarred(c.env.world, user.name, project.slug, on);
    flash(c, on ? `Starred ${project.title}` : `Unstarred ${project.title}`);
    return c.redirect(`/p/${project.slug}`);
  });

  filePages(app);

  app.get("/p/:slug/commits", (c) => {
    const project = projectAt(c);
    if (!project) return notFound(c, NO_PROJECT);
    const shown = paginate([...project.commits].reverse(), Number(c.req.query("page") ?? 1), PER_PAGE);
    return projectPage(
      c,
      project,
      "Commits",
      <>
        <Table
          head={["Commit", "Author", "Date", "Id"]}
          rows={shown.items.map((x) => [x.title, x.author, shortDay(x.at), <code>{x.sha}</code>])}
        />
        <Pagination {...shown} href={(n) => withQuery(c.req.path, {}, { page: n })} />
      </>,
    );
  });
}

function filesPage(c: Ctx, project: Project) {
  const last = project.commits.at(-1);
  return projectPage(
    c,
    project,
    "Files",
    <>
      <Heading title={`${project.language} files`}>
        {last && <small>{`Last commit by ${last.author}, ${shortDay(last.at)}`}</small>}
        {mayWrite(project, currentUser(c)?.name) && (
          <ButtonLink href={`/p/${project.slug}/new-file`}>New file</ButtonLink>
        )}
      </Heading>
      <Table
        head={["File", "Lines"]}
        numeric={[1]}
        rows={[...project.files]
          .sort((a, b) => a.path.localeCompare(b.path))
          .map((f) => [
            <a href={`/p/${project.slug}/files/${f.path}`}>{f.path}</a>,
            f.text.split("\n").length,
          ])}
      />
    </>,
    { title: project.title, top: true },
  );
}

function filePages(app: Hono<Env>): void {
  app.get("/p/:slug/files/:path{.+}", (c) => {
    const project = projectAt(c);
    const file = project?.files.find((f) => f.path === c.req.param("path"));
    if (!project || !file) return notFound(c, "There is no such file");
    const query = `?path=${encodeURIComponent(file.path)}`;
    return projectPage(
      c,
      project,
      "Files",
      <>
        <Heading title={file.path}>
          {mayWrite(project, currentUser(c)?.name) && (
            <>
              <ButtonLink href={`/p/${project.slug}/edit-file${query}`}>Edit file</ButtonLink>
              <Modal
                id="delete"
                open="Delete file"
                kind="danger"
                title={`Delete ${file.path}?`}
                cancel="Keep file"
              >
                <PostButton
                  action={`/p/${project.slug}/delete-file${query}`}
                  label="Confirm deletion"
                  kind="danger"
                />
              </Modal>
            </>
          )}
        </Heading>
        <pre>{file.text}</pre>
      </>,
      { title: file.path },
    );
  });

  const writable = (c: Ctx) => {
    const project = projectAt(c);
    return project && mayWrite(project, currentUser(c)?.name) ? project : undefined;
  };
  const refuse = (c: Ctx) => answerForbidden(c, "Only developers of this project may change files");

  app.get("/p/:slug/new-file", (c) => {
    const project = writable(c);
    return project ? fileForm(c, project, {}) : refuse(c);
  });

  app.post("/p/:slug/new-file", async (c) => {
    const project = writable(c);
    if (!project) return refuse(c);
    const { path = "", text = "" } = await fields(c);
    const errors: Record<string, string> = {};
    if (!/^[\w.-]+(\/[\w.-]+)*$/.test(path)) errors.path = "Use letters, digits, dots and slashes";
    else if (project.files.some((f) => f.path === path)) errors.path = `${path} exists already`;
    if (text === "") errors.text = "The file is empty";
    if (Object.keys(errors).length > 0) return fileForm(c, project, { path, text }, errors);
    createFile(c.env.world, currentUser(c)!.name, project.slug, { path, text });
    flash(c, `Added ${path}`);
    return c.redirect(`/p/${project.slug}`);
  });

  app.get("/p/:slug/edit-file", (c) => {
    const project = writable(c);
    if (!project) return refuse(c);
    const file = project.files.find((f) => f.path === c.req.query("path"));
    return file ? fileForm(c, project, file, {}, file.path) : notFound(c, "There is no such file");
  });

  app.post("/p/:slug/:verb{edit-file|delete-file}", async (c) => {
    const project = writable(c);
    if (!project) return refuse(c);
    const user = currentUser(c)!.name;
    const file = project.files.find((f) => f.path === c.req.query("path"));
    if (!file) return notFound(c, "There is no such file");
    if (c.req.param("verb") === "delete-file") {
      deleteFile(c.env.world, user, project.slug, file.path);
      flash(c, `Deleted ${file.path}`);
      return c.redirect(`/p/${project.slug}`);
    }
    const { text = "" } = await fields(c);
    if (text === "") return fileForm(c, project, file, { text: "The file is empty" }, file.path);
    editFile(c.env.world, user, project.slug, { path: file.path, text });
    flash(c, `Saved ${file.path}`);
    return c.redirect(`/p/${project.slug}/files/${file.path}`);
  });
}

/** `path`: the file that is edited; none where a new one is made. */
function fileForm(
  c: Ctx,
  project: Project,
  values: { path?: string; text?: string },
  errors: Record<string, string> = {},
  path?: string,
) {
  const action = path ? `edit-file?path=${encodeURIComponent(path)}` : "new-file";
  return projectPage(
    c,
    project,
    "Files",
    <>
      <Heading title={path ? `Edit ${path}` : "New file"} />
      <form method="post" action={`/p/${project.slug}/${action}`} class="card">
        {!path && <Field label="File name" name="path" value={values.path} error={errors.path} />}
        <Field label="Content" name="text" type="textarea" rows={6} value={values.text} error={errors.text} />
        <Button>{path ? "Save file" : "Create file"}</Button>
      </form>
    </>,
    { title: path ? `Edit ${path}` : "New file" },
  );
}
