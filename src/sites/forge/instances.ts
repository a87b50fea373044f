/** @file The instances of the forge's templates: which projects, issues and requests a task may be about. */

import { hash32 } from "../../core/rng.ts";
import { USUAL_USER } from "../forum/people.ts";
import type { WorldState } from "../world-state.ts";
import { issuesOf, mayMaintain, maySee, mayWrite, mergeRequestsOf, getProject } from "./domain.ts";
import type { Issue, MergeRequest, Project } from "./state.ts";

export const ME = USUAL_USER;

export const listVisible = ({ forge }: WorldState): Project[] => forge.projects.filter((p) => maySee(p, ME));
export const listWritable = (world: WorldState): Project[] =>
  listVisible(world).filter((p) => mayWrite(p, ME));
export const listManaged = (world: WorldState): Project[] =>
  listVisible(world).filter((p) => mayMaintain(p, ME));

export const slug = (world: WorldState, project: string) => getProject(world.forge, project).slug;

export const openIssues = (world: WorldState, project: Project): Issue[] =>
  issuesOf(world.forge, project.slug).filter((i) => i.open);

export function getIssue(world: WorldState, project: string, title: string): Issue {
  return issuesOf(world.forge, slug(world, project)).find((i) => i.title === title)!;
}

export function getRequest(world: WorldState, project: string, title: string): MergeRequest {
  return mergeRequestsOf(world.forge, slug(world, project)).find((m) => m.title === title)!;
}

export const openRequests = (world: WorldState, project: Project): MergeRequest[] =>
  mergeRequestsOf(world.forge, project.slug).filter((m) => m.state === "open");

export const pick = <T>(list: readonly T[], key: string): T => list[hash32(key) % list.length]!;
