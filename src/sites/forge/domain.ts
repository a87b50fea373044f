/**
 * @file What can be done on the forge. Pages and verifiers call these same functions; numbers come from counters in
 * the state and times from `world.now`, so that equal actions leave equal states. Callers have checked permissions.
 */

import { invariant } from "../../core/errors.ts";
import type { WorldState } from "../world-state.ts";
import {
  ROLES,
  shaOf,
  slugOf,
  type ForgeState,
  type ForgeUser,
  type Issue,
  type MergeRequest,
  type Project,
  type Remark,
  type Role,
  type Visibility,
} from "./state.ts";

export const forgeUser = (state: ForgeState, name: string): ForgeUser | undefined =>
  state.users.find((u) => u.name === name);
export const projectOf = (state: ForgeState, slug: string): Project | undefined =>
  state.projects.find((p) => p.slug === slug);
export const getProject = (state: ForgeState, title: string): Project =>
  need(state.projects.find((p) => p.title === title));
export const issuesOf = (state: ForgeState, project: string): Issue[] =>
  state.issues.filter((i) => i.project === project).reverse();
export const mergeRequestsOf = (state: ForgeState, project: string): MergeRequest[] =>
  state.mergeRequests.filter((m) => m.project === project).reverse();
export const issueOf = (state: ForgeState, project: string, number: number): Issue | undefined =>
  state.issues.find((i) => i.project === project && i.number === number);
export const mergeRequestOf = (
  state: ForgeState,
  project: string,
  number: number,
): MergeRequest | undefined => state.mergeRequests.find((m) => m.project === project && m.number === number);
export const remarksOf = (
  state: ForgeState,
  project: string,
  kind: Remark["kind"],
  number: number,
): Remark[] => state.remarks.filter((r) => r.project === project && r.kind === kind && r.number === number);

export const roleOf = (project: Project, user: string | undefined): Role | null =>
  project.members.find((m) => m.user === user)?.role ?? null;
const atLeast = (project: Project, user: string | undefined, role: Role) => {
  const own = roleOf(project, user);
  return own !== null && ROLES.indexOf(own) >= ROLES.indexOf(role);
};
/** Files, labels, states. */
export const mayWrite = (project: Project, user: string | undefined) =>
  !project.archived && atLeast(project, user, "Developer");
/** Merging, members, settings */
export const mayMaintain = (project: Project, user: string | undefined) =>
  atLeast(project, user, "Maintainer");
export const maySee = (project: Project, user: string | undefined) =>
  project.visibility === "Public" ||
  (project.visibility === "Internal" && user !== undefined) ||
  roleOf(project, user) !== null;

export function createIssue(
  world: WorldState,
  author: string,
  project: string,
  issue: { title: string; text: string; labels?: string[]; assignee?: string | null },
): Issue {
  const created: Issue = {
    project,
    number: find(world, project).nextIssue++,
    title: issue.title.trim(),
    text: issue.text.trim(),
    author,
    open: true,
    labels: [...(issue.labels ?? [])].sort(),
    assignee: issue.assignee ?? null,
    milestone: null,
    at: world.now,
  };
  world.forge.issues.push(created);
  return created;
}

export function setIssueOpen(world: WorldState, project: string, number: number, open: boolean): void {
  need(issueOf(world.forge, project, number)).open = open;
}

/** What is left out stays as it is. */
export function editIssue(
  world: WorldState,
  project: string,
  number: number,
  details: { labels?: string[]; assignee?: string | null; milestone?: string | null },
): void {
  const issue = need(issueOf(world.forge, project, number));
  if (details.labels) issue.labels = [...new Set(details.labels)].sort();
  if (details.assignee !== undefined) issue.assignee = details.assignee;
  if (details.milestone !== undefined) issue.milestone = details.milestone;
}

export function addRemark(
  world: WorldState,
  author: string,
  project: string,
  kind: Remark["kind"],
  number: number,
  text: string,
): Remark {
  const { forge } = world;
  const remark: Remark = {
    id: forge.nextRemark++,
    project,
    kind,
    number,
    author,
    text: text.trim(),
    at: world.now,
  };
  forge.remarks.push(remark);
  return remark;
}

export function inviteMember(world: WorldState, project: string, user: string, role: Role): void {
  find(world, project).members.push({ user, role });
}

export function changeRole(world: WorldState, project: string, user: string, role: Role): void {
  need(find(world, project).members.find((m) => m.user === user)).role = role;
}

export function removeMember(world: WorldState, project: string, user: string): void {
  const target = find(world, project);
  target.members = target.members.filter((m) => m.user !== user);
}

export function approve(
  world: WorldState,
  user: string,
  project: string,
  number: number,
  approved: boolean,
): void {
  const request = need(mergeRequestOf(world.forge, project, number));
  const others = request.approvedBy.filter((name) => name !== user);
  request.approvedBy = approved ? [...others, user] : others;
}

/** Leaves a merge commit. */
export function merge(world: WorldState, user: string, project: string, number: number): void {
  const request = need(mergeRequestOf(world.forge, project, number));
  invariant(request.state === "open" && !request.conflicts, "only an open request without conflicts merges");
  request.state = "merged";
  addCommit(world, user, project, `Merge ${request.source}`);
}

export function setMergeRequestOpen(world: WorldState, project: string, number: number, open: boolean): void {
  need(mergeRequestOf(world.forge, project, number)).state = open ? "open" : "closed";
}

export function createFile(
  world: WorldState,
  user: string,
  project: string,
  file: { path: string; text: string },
): void {
  const target = find(world, project);
  target.files.push({ path: file.path, text: file.text.trim() });
  addCommit(world, user, project, `Add ${file.path}`);
}

export function editFile(
  world: WorldState,
  user: string,
  project: string,
  file: { path: string; text: string },
): void {
  need(find(world, project).files.find((f) => f.path === file.path)).text = file.text.trim();
  addCommit(world, user, project, `Update ${file.path}`);
}

export function deleteFile(world: WorldState, user: string, project: string, path: string): void {
  const target = find(world, project);
  target.files = target.files.filter((f) => f.path !== path);
  addCommit(world, user, project, `Delete ${path}`);
}

function addCommit(world: WorldState, author: string, project: string, title: string): void {
  const target = find(world, project);
  const sha = shaOf(project, title, target.commits.length);
  target.commits.push({ sha, title, author, at: world.now });
}

export function setStarred(world: WorldState, user: string, project: string, on: boolean): void {
  const { forge } = world;
  const mine = forge.stars[user] ?? [];
  if (mine.includes(project) === on) return;
  forge.stars[user] = on ? [...mine, project].sort() : mine.filter((slug) => slug !== project);
  find(world, project).stars += on ? 1 : -1;
}

/** Copies files and commits, not issues, members or merge requests. */
export function fork(world: WorldState, user: string, project: string): Project {
  const { forge } = world;
  const source = find(world, project);
  source.forks++;
  const title = `${source.title} of ${user}`;
  const taken = forge.projects.filter((p) => p.forkedFrom === project && p.members[0]?.user === user).length;
  const copy: Project = {
    ...structuredClone(source),
    slug: slugOf(taken === 0 ? title : `${title} ${taken + 1}`),
    title: taken === 0 ? title : `${title} ${taken + 1}`,
    stars: 0,
    forks: 0,
    forkedFrom: project,
    members: [{ user, role: "Owner" }],
    nextIssue: 1,
    nextMergeRequest: 1,
  };
  forge.projects.push(copy);
  return copy;
}

/** What is left out stays as it is. */
export function editProject(
  world: WorldState,
  project: string,
  settings: { title?: string; description?: string; visibility?: Visibility; archived?: boolean },
): void {
  const target = find(world, project);
  if (settings.title !== undefined) target.title = settings.title.trim();
  if (settings.description !== undefined) target.description = settings.description.trim();
  if (settings.visibility !== undefined) target.visibility = settings.visibility;
  if (settings.archived !== undefined) target.archived = settings.archived;
}

export function setStatus(world: WorldState, user: string, status: string, busy: boolean): void {
  Object.assign(need(forgeUser(world.forge, user)), { status: status.trim(), busy });
}

/** Opens a session and returns its id. */
export function openForgeSession(state: ForgeState, user: string): string {
  const id = `g${state.nextSession++}`;
  state.sessions[id] = { user };
  return id;
}

const find = (world: WorldState, project: string) => need(projectOf(world.forge, project));

function need<T>(value: T | undefined): T {
  invariant(value !== undefined, "the forge has no such record");
  return value;
}
