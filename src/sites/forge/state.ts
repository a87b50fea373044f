/** @file The data of the forge: what is stored, and how the first copy is made. */

import { createRng, hash32, type Rng } from "../../core/rng.ts";
import { PEOPLE, USUAL_USER } from "../forum/people.ts";
import type { AccountSession } from "../session.ts";
import {
  COMMITS,
  ISSUES,
  LABELS,
  LICENSES,
  MERGE_REQUESTS,
  MILESTONES,
  PROJECTS,
  REMARKS,
  STATUSES,
  type ProjectContent,
} from "./content.ts";

/** From least to most. */
export const ROLES = ["Guest", "Reporter", "Developer", "Maintainer", "Owner"] as const;
export type Role = (typeof ROLES)[number];
export const VISIBILITIES = ["Private", "Internal", "Public"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

export interface ForgeUser {
  name: string;
  fullName: string;
  password: string;
  status: string;
  busy: boolean;
}

export interface Project {
  /** Part of its address; stays when the project is renamed. */
  slug: string;
  title: string;
  description: string;
  language: string;
  visibility: Visibility;
  archived: boolean;
  stars: number;
  forks: number;
  forkedFrom: string | null;
  members: { user: string; role: Role }[];
  files: { path: string; text: string }[];
  /** Oldest first. */
  commits: { sha: string; title: string; author: string; at: string }[];
  nextIssue: number;
  nextMergeRequest: number;
}

export interface Issue {
  project: string;
  number: number;
  title: string;
  text: string;
  author: string;
  open: boolean;
  labels: string[];
  assignee: string | null;
  milestone: string | null;
  at: string;
}

export interface MergeRequest {
  project: string;
  number: number;
  title: string;
  text: string;
  author: string;
  source: string;
  state: "open" | "merged" | "closed";
  approvedBy: string[];
  conflicts: boolean;
  changes: { path: string; added: number; removed: number }[];
  at: string;
}

export interface Remark {
  id: number;
  project: string;
  kind: "issue" | "merge request";
  number: number;
  author: string;
  text: string;
  at: string;
}

export interface ForgeState {
  /** Volatile: sign-ins, and the message that the next page shows. */
  sessions: Record<string, AccountSession>;
  nextSession: number;
  users: ForgeUser[];
  projects: Project[];
  issues: Issue[];
  mergeRequests: MergeRequest[];
  remarks: Remark[];
  /** Starred slugs of every user who has some. */
  stars: Record<string, string[]>;
  nextRemark: number;
}

const HOUR = 3_600_000;
const START = Date.parse("2026-03-16T08:00:00Z");
const DEVELOPERS = PEOPLE.slice(0, 26);
const iso = (time: number) => new Date(time).toISOString().replace(".000", "");
const lines = (text: string) => text.trim().split("\n");
export const slugOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
/** A short commit id: equal commits have equal ids. */
export const shaOf = (...parts: (string | number)[]) =>
  hash32(parts.join("\n")).toString(16).padStart(8, "0");

let built: ForgeState | undefined;

/** A fresh copy of the forge as every episode finds it. Composed once a process. */
export function createForgeState(): ForgeState {
  built ??= compose();
  return structuredClone(built);
}

function compose(): ForgeState {
  const rng = createRng("forge");
  const state: ForgeState = {
    sessions: {},
    nextSession: 1,
    users: DEVELOPERS.map(({ name, fullName, city }, i) => ({
      name,
      fullName,
      password: `${city.toLowerCase()}${30 + ((i * 23) % 67)}`,
      status: i === 0 ? "" : rng.pick(STATUSES),
      busy: i % 5 === 2,
    })),
    projects: [],
    issues: [],
    mergeRequests: [],
    remarks: [],
    stars: { [USUAL_USER]: ["photo-shelf", "tide-clock", "word-cards"] },
    nextRemark: 1,
  };
  PROJECTS.forEach((content, i) => composeProject(state, content, i, rng.fork(content.title)));
  return state;
}

/**
 * The usual user's part in the projects, in turn: owns some, maintains and develops others, is a stranger to the rest.
 */
const USUAL_ROLES: (Role | null)[] = ["Owner", "Maintainer", null, "Developer", "Owner", "Maintainer", null];

function composeProject(state: ForgeState, content: ProjectContent, index: number, rng: Rng): void {
  const slug = slugOf(content.title);
  const usual = USUAL_ROLES[index % USUAL_ROLES.length]!;
  const people = rng.shuffle(DEVELOPERS.slice(1)).map((p) => p.name);
  const members: Project["members"] = [];
  if (usual) members.push({ user: USUAL_USER, role: usual });
  if (usual !== "Owner") members.push({ user: people.pop()!, role: "Owner" });
  const others: Role[] = ["Maintainer", "Developer", "Developer", "Reporter", "Guest"];
  for (const role of others.slice(0, 3 + rng.int(3))) members.push({ user: people.pop()!, role });
  const developers = members.filter((m) => m.role !== "Guest" && m.role !== "Reporter").map((m) => m.user);
  const fill = (line: string) => {
    const [title = "", text = ""] = line.replaceAll("{x}", rng.pick(content.nouns)).split("|");
    return { title: title[0]!.toUpperCase() + title.slice(1), text };
  };
  const project: Project = {
    slug,
    title: content.title,
    description: content.description,
    language: content.language,
    visibility: usual ? rng.pick(VISIBILITIES) : rng.pick(["Internal", "Public"] as const),
    archived: false,
    stars: 5 + ((index * 149 + 37) % 431),
    forks: 1 + ((index * 29 + 11) % 47),
    forkedFrom: null,
    members,
    files: composeFiles(content, rng),
    commits: [],
    nextIssue: 1,
    nextMergeRequest: 1,
  };
  for (const [i, line] of rng.shuffle(lines(COMMITS)).entries()) {
    const { title } = fill(line);
    const at = iso(START - (10 - i) * 53 * HOUR - index * HOUR);
    project.commits.push({ sha: shaOf(slug, title, at), title, author: rng.pick(developers), at });
  }
  state.projects.push(project);

  for (const [i, line] of rng.shuffle(lines(ISSUES)).slice(0, 12).entries()) {
    const number = project.nextIssue++;
    const at = iso(START - (12 - i) * 61 * HOUR - index * 2 * HOUR);
    state.issues.push({
      project: slug,
      number,
      ...fill(line),
      author: rng.pick(DEVELOPERS.slice(1)).name,
      open: rng.int(10) < 7,
      labels: rng
        .shuffle(LABELS)
        .slice(0, 1 + rng.int(2))
        .sort(),
      assignee: rng.int(4) === 0 ? null : rng.pick(developers),
      milestone: rng.int(3) === 0 ? null : rng.pick(MILESTONES),
      at,
    });
    remark(state, rng, slug, "issue", number, at, rng.int(4));
  }
  for (const [i, line] of rng.shuffle(lines(MERGE_REQUESTS)).slice(0, 4).entries()) {
    const number = project.nextMergeRequest++;
    const at = iso(START - (4 - i) * 41 * HOUR - index * HOUR);
    const { title, text } = fill(line);
    const kind = i === 0 ? "merged" : i === 1 && rng.int(3) === 0 ? "closed" : "open";
    const authors = developers.filter((name) => name !== USUAL_USER);
    state.mergeRequests.push({
      project: slug,
      number,
      title,
      text,
      author: rng.pick(authors),
      source: slugOf(title),
      state: kind,
      approvedBy: kind === "merged" ? [rng.pick(developers)] : [],
      conflicts: kind === "open" && i === 3 && rng.int(2) === 0,
      changes: rng
        .shuffle(project.files.slice(1))
        .slice(0, 2 + rng.int(2))
        .map(({ path }) => ({ path, added: 2 + rng.int(60), removed: rng.int(30) })),
      at,
    });
    remark(state, rng, slug, "merge request", number, at, rng.int(3));
  }
}

/** At most one remark of a person in one place. */
function remark(
  state: ForgeState,
  rng: Rng,
  project: string,
  kind: Remark["kind"],
  number: number,
  at: string,
  count: number,
): void {
  const people = rng.shuffle(DEVELOPERS.slice(1));
  const texts = rng.shuffle(REMARKS);
  for (let i = 0; i < count; i++)
    state.remarks.push({
      id: state.nextRemark++,
      project,
      kind,
      number,
      author: people[i]!.name,
      text: texts[i]!,
      at: iso(Date.parse(at) + (i + 1) * 3 * HOUR),
    });
}

function composeFiles(content: ProjectContent, rng: Rng): Project["files"] {
  const slug = slugOf(content.title);
  const version = `${rng.int(4)}.${rng.int(12)}.${rng.int(9)}`;
  const port = 3000 + rng.int(60) * 10;
  const license = rng.pick(LICENSES);
  const source = {
    Python: ["src/main.py", `from ${slug.replaceAll("-", "_")} import app\n\napp.run(port=${port})`],
    TypeScript: ["src/main.ts", `import { app } from "./app.ts";\n\napp.listen(${port});`],
    Rust: ["src/main.rs", `fn main() {\n    app::run(${port});\n}`],
    Go: ["cmd/main.go", `package main\n\nfunc main() {\n\tapp.Run(${port})\n}`],
  }[content.language] as [string, string];
  return [
    {
      path: "README.md",
      text: `# ${content.title}\n\n${content.description}.\n\nStart it and open port ${port}.\nSee docs/guide.md for more.`,
    },
    {
      path: "CHANGELOG.md",
      text: `# ${version}\n\n- Better ${content.nouns[0]}\n- Faster ${content.nouns[1]}`,
    },
    { path: "LICENSE", text: `${license} License\n\nCopyright 2026 the authors of ${content.title}` },
    {
      path: "config.toml",
      text: `name = "${slug}"\nversion = "${version}"\nlicense = "${license}"\nport = ${port}\nworkers = ${1 + rng.int(12)}`,
    },
    {
      path: "docs/guide.md",
      text: `# Guide\n\nThe ${content.nouns[2]} is under Settings.\nThe ${content.nouns[3]} can be switched off.`,
    },
    { path: source[0], text: source[1] },
  ];
}
