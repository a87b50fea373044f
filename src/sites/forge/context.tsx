/** @file What every page of the forge needs: the signed-in user, the page's frame, a project's frame. */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { signInBy, type Ctx } from "../kit.tsx";
import { Badge, Empty, Heading, Page, PostButton, type Theme } from "../ui.tsx";
import { mayMaintain, maySee, projectOf } from "./domain.ts";
import type { Project } from "./state.ts";

export const FORGE_HOST = "forge.webrl.test";
export const COOKIE = "forge_session";
export const PER_PAGE = 8;

const THEME: Theme = {
  title: "Code Forge",
  colour: "#3b4693",
  tint: "#eaecfa",
  background: "#f5f6fa",
  headings: "system-ui, 'DejaVu Sans', sans-serif",
};

const STYLE = `
.project-nav{display:flex;gap:4px;border-bottom:1px solid #dcdfeb;margin:0 0 14px}
.project-nav a{padding:8px 13px;text-decoration:none;color:#565c74;border-bottom:2px solid transparent}
.project-nav a[aria-current]{color:var(--c);border-color:var(--c);font-weight:600}
.remark{display:flex;gap:14px;background:#fff;border:1px solid #e4e6f0;border-radius:10px;padding:9px 14px;margin-bottom:7px}.remark p{margin:0;flex:1}
pre{background:#fff;border:1px solid #e4e6f0;border-radius:12px;padding:16px 20px;margin:0 0 14px;font:14px/1.6 ui-monospace,"DejaVu Sans Mono",monospace;overflow:auto}
.table.wide td{min-width:155px}.checks{display:grid;grid-template-columns:1fr 1fr}.body{font-size:16px;max-width:75ch}.sub{margin:-8px 0 10px;color:#6a6f79}
`;

export const accounts = signInBy(COOKIE, (world) => world.forge);
export const { state, currentUser, flash } = accounts;

export interface PageOptions {
  narrow?: boolean;
  status?: 200 | 404 | 403 | 422;
}

export function page(c: Ctx, title: string, content: Child, options: PageOptions = {}) {
  const user = currentUser(c);
  const link = (label: string, href: string) => ({ label, href, current: c.req.path === href });
  return c.html(
    <Page
      theme={THEME}
      title={title}
      narrow={options.narrow}
      nav={[link("Dashboard", "/"), link("Projects", "/projects"), link("All issues", "/issues")]}
      account={[
        ...(user
          ? [link(user.name, `/u/${user.name}`), link("Sign out", "/logout")]
          : [link("Sign in", "/login")]),
        { label: "Forum", href: "http://forum.webrl.test/" },
      ]}
      search={{
        action: "/projects",
        label: "Search projects",
        value: c.req.path === "/projects" ? c.req.query("q") : "",
        suggest: "/suggest",
      }}
      flash={accounts.takeFlash(c)}
    >
      <style>{raw(STYLE)}</style>
      {content}
    </Page>,
    options.status ?? 200,
  );
}

export function notFound(c: Ctx, what = "This page does not exist") {
  return page(c, "Not found", <Empty text={what} />, { status: 404, narrow: true });
}

export function answerForbidden(c: Ctx, why: string) {
  return page(c, "Not allowed", <Empty text={why} />, { status: 403, narrow: true });
}

/** The project that the address names, if the user may see it. */
export function projectAt(c: Ctx): Project | undefined {
  const project = projectOf(state(c), c.req.param("slug") ?? "");
  return project && maySee(project, currentUser(c)?.name) ? project : undefined;
}

export type Tab = "Files" | "Issues" | "Merge requests" | "Commits" | "Members" | "Settings";

/** A page of a project: name, star, fork, and its tabs. `top`: the full head, which only the first tab needs. */
export function projectPage(
  c: Ctx,
  project: Project,
  tab: Tab,
  content: Child,
  options: PageOptions & { title?: string; top?: boolean } = {},
) {
  const user = currentUser(c);
  const base = `/p/${project.slug}`;
  const tabs: [Tab, string][] = [
    ["Files", base],
    ["Issues", `${base}/issues`],
    ["Merge requests", `${base}/merge-requests`],
    ["Commits", `${base}/commits`],
    ["Members", `${base}/members`],
  ];
  if (mayMaintain(project, user?.name)) tabs.push(["Settings", `${base}/settings`]);
  const starred = user && (state(c).stars[user.name] ?? []).includes(project.slug);
  return page(
    c,
    options.title ?? `${tab} of ${project.title}`,
    <>
      {options.top ? (
        <>
          <Heading title={project.title}>
            <Badge tone={project.visibility === "Public" ? "good" : undefined}>{project.visibility}</Badge>
            {project.archived && <Badge tone="warn">Archived</Badge>}
            <span>{`${project.stars} stars, ${project.forks} forks`}</span>
            {user && (
              <>
                <PostButton
                  action={`${base}/star`}
                  label={starred ? `Unstar ${project.title}` : `Star ${project.title}`}
                  text={starred ? "Unstar" : "Star"}
                  kind={starred ? "plain" : "primary"}
                  fields={{ on: starred ? "no" : "yes" }}
                />
                <PostButton action={`${base}/fork`} label={`Fork ${project.title}`} text="Fork" />
              </>
            )}
          </Heading>
          <p class="sub">{project.description}</p>
        </>
      ) : (
        <p class="muted">{project.title}</p>
      )}
      <nav class="project-nav" aria-label="Project">
        {tabs.map(([label, href]) => (
          <a href={href} aria-current={label === tab ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      {content}
    </>,
    options,
  );
}
