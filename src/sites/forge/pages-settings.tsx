/** @file A project's members and settings. */

import type { Hono } from "hono";
import { fields, type Ctx, type Env } from "../kit.tsx";
import { Button, Card, Empty, Field, Modal, PostButton, Radios, Table } from "../ui.tsx";
import { currentUser, flash, answerForbidden, notFound, projectAt, projectPage, state } from "./context.tsx";
import {
  changeRole,
  editProject,
  forgeUser,
  inviteMember,
  mayMaintain,
  removeMember,
  roleOf,
} from "./domain.ts";
import { ROLES, VISIBILITIES, type Project, type Role } from "./state.ts";

const NO_PROJECT = "This project does not exist or is private";

const GIVEN_ROLES = ROLES.filter((role) => role !== "Owner");

export function memberPages(app: Hono<Env>): void {
  app.get("/p/:slug/members", (c) => {
    const project = projectAt(c);
    return project ? membersPage(c, project, {}) : notFound(c, NO_PROJECT);
  });

  app.post("/p/:slug/members/:verb{invite|role|remove}", async (c) => {
    const project = projectAt(c);
    if (!project) return notFound(c, NO_PROJECT);
    if (!mayMaintain(project, currentUser(c)?.name))
      return answerForbidden(c, "Only maintainers may change members");
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
      if (!own || own === "Owner") return answerForbidden(c, "The owner stays the owner");
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

export function settingsPages(app: Hono<Env>): void {
  const findManaged = (c: Ctx) => {
    const project = projectAt(c);
    return project && mayMaintain(project, currentUser(c)?.name) ? project : undefined;
  };
  const refuse = (c: Ctx) => answerForbidden(c, "Only maintainers may change settings");

  app.get("/p/:slug/settings", (c) => {
    const project = findManaged(c);
    return project ? settingsPage(c, project, {}) : refuse(c);
  });

  app.post("/p/:slug/settings", async (c) => {
    const project = findManaged(c);
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
    const project = findManaged(c);
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
