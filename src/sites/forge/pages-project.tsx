/** @file A project's files, commits, members and settings. */

import type { Hono } from "hono";
import {
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
  Radios,
  Table,
  withQuery,
} from "../ui.tsx";
import {
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
import {
  changeRole,
  createFile,
  deleteFile,
  editFile,
  editProject,
  fork,
  forgeUser,
  inviteMember,
  mayMaintain,
  mayWrite,
  removeMember,
  roleOf,
  setStarred,
} from "./domain.ts";
import { ROLES, VISIBILITIES, type Project, type Role } from "./state.ts";

const GIVEN_ROLES = ROLES.filter((role) => role !== "Owner");
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
          rows={shown.items.map((x) => [x.title, x.author, day(x.at), <code>{x.sha}</code>])}
        />
        <Pagination {...shown} href={(n) => withQuery(c.req.path, {}, { page: n })} />
      </>,
    );
  });

  memberPages(app);
  settingsPages(app);
}

function filesPage(c: Ctx, project: Project) {
  const last = project.commits.at(-1);
  return projectPage(
    c,
    project,
    "Files",
    <>
      <Heading title={`${project.language} files`}>
        {last && <small>{`Last commit by ${last.author}, ${day(last.at)}`}</small>}
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
  const refuse = (c: Ctx) => forbidden(c, "Only developers of this project may change files");

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

function memberPages(app: Hono<Env>): void {
  app.get("/p/:slug/members", (c) => {
    const project = projectAt(c);
    return project ? membersPage(c, project, {}) : notFound(c, NO_PROJECT);
  });

  app.post("/p/:slug/members/:verb{invite|role|remove}", async (c) => {
    const project = projectAt(c);
    if (!project) return notFound(c, NO_PROJECT);
    if (!mayMaintain(project, currentUser(c)?.name))
      return forbidden(c, "Only maintainers may change members");
    const { user = "", role: asked } = await fields(c);
    const role: Role = GIVEN_ROLES.find((r) => r === asked) ?? "Guest";
    const verb = c.req.param("verb");
    if (verb === "invite") {
      const name = user.toLowerCase();
      const error =
        name === ""
          ? "Whom do you invite?"
          : !forgeUser(state(c), name)
            ? `No user is called ${user}`
            : roleOf(project, name)
              ? `${user} is a member already`
              : undefined;
      if (error) return membersPage(c, project, { user, role, error });
      inviteMember(c.env.world, project.slug, name, role);
      flash(c, `Invited ${name} as ${role}`);
    } else {
      const own = roleOf(project, user);
      if (!own || own === "Owner") return forbidden(c, "The owner stays the owner");
      if (verb === "role") {
        changeRole(c.env.world, project.slug, user, role);
        flash(c, `${user} is now ${role}`);
      } else {
        removeMember(c.env.world, project.slug, user);
        flash(c, `Removed ${user}`);
      }
    }
    return c.redirect(`/p/${project.slug}/members`);
  });
}

function membersPage(c: Ctx, project: Project, form: { user?: string; role?: string; error?: string }) {
  const base = `/p/${project.slug}/members`;
  const manage = mayMaintain(project, currentUser(c)?.name);
  return projectPage(
    c,
    project,
    "Members",
    <>
      {manage && (
        <Card>
          <form method="post" action={`${base}/invite`} class="row end">
            <Field label="User name" name="user" value={form.user} error={form.error} />
            <Field
              label="Role"
              name="role"
              type="select"
              value={form.role ?? "Developer"}
              options={GIVEN_ROLES}
            />
            <Button>Invite member</Button>
          </form>
        </Card>
      )}
      <Table
        head={manage ? ["Member", "Name", "Role", ""] : ["Member", "Name", "Role"]}
        rows={project.members.map(({ user, role }) => {
          const own = user === currentUser(c)?.name;
          const row = [
            own ? user : <a href={`/u/${user}`}>{user}</a>,
            forgeUser(state(c), user)?.fullName ?? "",
          ];
          if (!manage || role === "Owner") return manage ? [...row, role, ""] : [...row, role];
          return [
            ...row,
            <form method="post" action={`${base}/role`} class="row">
              <input type="hidden" name="user" value={user} />
              <select name="role" aria-label={`Role of ${user}`}>
                {GIVEN_ROLES.map((r) => (
                  <option selected={r === role}>{r}</option>
                ))}
              </select>
              <Button kind="plain" label={`Save role of ${user}`}>
                Save
              </Button>
            </form>,
            <PostButton
              action={`${base}/remove`}
              label={`Remove ${user}`}
              text="Remove"
              kind="danger"
              fields={{ user }}
            />,
          ];
        })}
      />
    </>,
  );
}

function settingsPages(app: Hono<Env>): void {
  const managed = (c: Ctx) => {
    const project = projectAt(c);
    return project && mayMaintain(project, currentUser(c)?.name) ? project : undefined;
  };
  const refuse = (c: Ctx) => forbidden(c, "Only maintainers may change settings");

  app.get("/p/:slug/settings", (c) => {
    const project = managed(c);
    return project ? settingsPage(c, project, {}) : refuse(c);
  });

  app.post("/p/:slug/settings", async (c) => {
    const project = managed(c);
    if (!project) return refuse(c);
    const { title = "", description = "", visibility } = await fields(c);
    if (title.length < 2 || title.length > 40)
      return settingsPage(c, project, { title, error: "The name needs 2 to 40 characters" });
    editProject(c.env.world, project.slug, {
      title,
      description,
      visibility: VISIBILITIES.find((v) => v === visibility) ?? project.visibility,
    });
    flash(c, "Project saved");
    return c.redirect(`/p/${project.slug}/settings`);
  });

  app.post("/p/:slug/archive", async (c) => {
    const project = managed(c);
    if (!project) return refuse(c);
    const archived = (await fields(c)).on === "yes";
    editProject(c.env.world, project.slug, { archived });
    flash(c, archived ? "Project archived" : "Project restored");
    return c.redirect(`/p/${project.slug}`);
  });
}

function settingsPage(c: Ctx, project: Project, form: { title?: string; error?: string }) {
  return projectPage(
    c,
    project,
    "Settings",
    <div class="cols side">
      <form method="post" action={`/p/${project.slug}/settings`} class="card">
        <Field label="Project name" name="title" value={form.title ?? project.title} error={form.error} />
        <Field label="Description" name="description" value={project.description} />
        <Radios
          legend="Visibility"
          name="visibility"
          value={project.visibility}
          options={VISIBILITIES.map((v) => [v, v] as const)}
        />
        <Button>Save project</Button>
      </form>
      <Card title="Archive">
        {project.archived ? (
          <PostButton action={`/p/${project.slug}/archive`} label="Restore project" fields={{ on: "no" }} />
        ) : (
          <Modal id="archive" open="Archive project" kind="danger" title={`Archive ${project.title}?`}>
            <Empty text="Its files can only be read then." />
            <PostButton
              action={`/p/${project.slug}/archive`}
              label="Confirm archive"
              kind="danger"
              fields={{ on: "yes" }}
            />
          </Modal>
        )}
      </Card>
    </div>,
  );
}
