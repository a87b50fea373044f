/** @file Tasks that only look: retrieval, extraction, navigation, and what cannot be done. */

import { click, exit, search, select } from "../hands.ts";
import { escape, read } from "../oracle-steps.ts";
import { defineTemplate } from "../template.ts";
import { answerIs, answerJson, answerNotPossible, expectNoChange, urlIs } from "../verify.ts";
import { FORGE_HOST } from "./context.tsx";
import { LABELS } from "./content.ts";
import { getProject } from "./domain.ts";
import { getIssue, listManaged, openIssues, openRequests, listVisible, slug } from "./instances.ts";
import { findIssue, findProject, openMergeRequest, openProject, openTab } from "./oracle-steps.ts";
import type { Role } from "./state.ts";

/** A row of a table: `[link title]`, then `cells`. */
const row = (title: string, cells: string) => new RegExp(`\\[link ${escape(title)}\\] \\| ${cells}`);
const CELL = "[^|\\n]*\\| ";

export const readingTemplates = [
  defineTemplate<{ project: string; issue: string }>({
    id: "forge.issue-assignee",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      'Who is assigned to the issue "{issue}" of {project}?',
      'In the project {project}, which user is the assignee of the open issue "{issue}"?',
      'Look at the issues of {project} and tell me who works on "{issue}".',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        openIssues(world, p)
          .filter((i) => i.assignee)
          .map((i) => ({ project: p.title, issue: i.title })),
      ),
    check: ({ project, issue }, world) => [
      answerIs(getIssue(world, project, issue).assignee!),
      expectNoChange(),
    ],
    wrongAnswer: () => "nobody",
    *oracle({ project, issue }, first) {
      const list = yield* findIssue(first, project, issue);
      yield exit(read(list, row(issue, `${CELL}([^|\\n]+) \\|`)));
    },
  }),

  defineTemplate<{ project: string; issue: string }>({
    id: "forge.issue-milestone",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      'Which milestone does the issue "{issue}" of {project} have?',
      'In the project {project}, for which release is the open issue "{issue}" planned? Answer with the milestone.',
      'Look at the issues of {project} and tell me the milestone of "{issue}".',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        openIssues(world, p)
          .filter((i) => i.milestone)
          .map((i) => ({ project: p.title, issue: i.title })),
      ),
    check: ({ project, issue }, world) => [
      answerIs(getIssue(world, project, issue).milestone!),
      expectNoChange(),
    ],
    wrongAnswer: () => "Winter release",
    *oracle({ project, issue }, first) {
      const list = yield* findIssue(first, project, issue);
      yield exit(read(list, row(issue, `${CELL}${CELL}([^|\\n]+)`)));
    },
  }),

  defineTemplate<{ issue: string }>({
    id: "forge.issue-project",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      'Which project has the issue "{issue}"?',
      'Find the issue "{issue}" among all issues and answer with its project.',
      'To which project on the forge does the issue "{issue}" belong?',
    ],
    instances: (world) => {
      const projects = new Set(listVisible(world).map((p) => p.slug));
      const { issues } = world.forge;
      return issues
        .filter((i) => projects.has(i.project) && issues.filter((j) => j.title === i.title).length === 1)
        .map((i) => ({ issue: i.title }));
    },
    check: ({ issue }, world) => {
      const found = world.forge.issues.find((i) => i.title === issue)!;
      return [answerIs(world.forge.projects.find((p) => p.slug === found.project)!.title), expectNoChange()];
    },
    wrongAnswer: () => "Moon Base",
    *oracle({ issue }, first) {
      const found = yield search(yield click(first, "link", "All issues"), "Find issue", issue);
      yield exit(read(found, row(issue, "([^|\\n]+) \\|")));
    },
  }),

  defineTemplate<{ project: string; what: "stars" | "forks" }>({
    id: "forge.project-count",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 2,
    phrasings: [
      "How many {what} does the project {project} have?",
      "Tell me the number of {what} of {project}.",
      "Look up {project} on the forge: how many {what}?",
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        (["stars", "forks"] as const).map((what) => ({ project: p.title, what })),
      ),
    check: ({ project, what }, world) => [
      answerIs(String(getProject(world.forge, project)[what])),
      expectNoChange(),
    ],
    wrongAnswer: () => "9999",
    *oracle({ project, what }, first) {
      const found = yield* findProject(first, project);
      yield exit(read(found, row(project, `${CELL}${CELL}${what === "stars" ? "" : CELL}(\\d+) \\|`)));
    },
  }),

  defineTemplate<{ language: string; what: "stars" | "forks" }>({
    id: "forge.most-popular",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 2,
    testOnly: true,
    phrasings: [
      "Which {language} project has the most {what}?",
      "Among the projects in {language}, which one has the highest number of {what}?",
      "Find the {language} project with the most {what} and answer with its name.",
    ],
    instances: () =>
      ["Python", "TypeScript", "Rust", "Go"].flatMap((language) =>
        (["stars", "forks"] as const).map((what) => ({ language, what })),
      ),
    check: ({ language, what }, world) => [
      answerIs(
        listVisible(world)
          .filter((p) => p.language === language)
          .sort((a, b) => b[what] - a[what])[0]!.title,
      ),
      expectNoChange(),
    ],
    wrongAnswer: () => "Moon Base",
    *oracle({ language, what }, first) {
      const found = yield* findProject(first, language);
      const rows = [
        ...found.text.matchAll(
          new RegExp(`\\[link ([^\\]]+)\\] \\| ${CELL}${language} \\| (\\d+) \\| (\\d+) \\|`, "g"),
        ),
      ].map((m) => ({ title: m[1]!, stars: Number(m[2]), forks: Number(m[3]) }));
      yield exit(rows.sort((a, b) => b[what] - a[what])[0]!.title);
    },
  }),

  defineTemplate<{ project: string; label: string }>({
    id: "forge.count-issues",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 6,
    phrasings: [
      "How many open issues of {project} have the label {label}?",
      "Count the open {label} issues in the project {project}.",
      "Filter the issues of {project} by the label {label}: how many are open? Answer with a number.",
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) => LABELS.map((label) => ({ project: p.title, label }))),
    check: ({ project, label }, world) => [
      answerIs(
        String(
          openIssues(world, getProject(world.forge, project)).filter((i) => i.labels.includes(label)).length,
        ),
      ),
      expectNoChange(),
    ],
    wrongAnswer: () => "31",
    *oracle({ project, label }, first) {
      let page = yield* openTab(first, project, "Issues");
      page = yield select(page, "Label", label);
      page = yield click(page, "button", "Filter");
      yield exit(read(page, /^(\d+) issues?\b/m));
    },
  }),

  defineTemplate<{ project: string; label: string }>({
    id: "forge.list-issues",
    sites: ["forge"],
    category: "extraction",
    difficulty: 6,
    phrasings: [
      "Give the titles of the open issues of {project} with the label {label} as a JSON list.",
      "Extract all open {label} issues in {project}. Answer with a JSON array of titles.",
      "Which open issues of the project {project} are labelled {label}? Write their titles as JSON.",
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        LABELS.filter((label) => {
          const count = openIssues(world, p).filter((i) => i.labels.includes(label)).length;
          return count >= 1 && count <= 4;
        }).map((label) => ({ project: p.title, label })),
      ),
    check: ({ project, label }, world) => [
      answerJson(
        openIssues(world, getProject(world.forge, project))
          .filter((i) => i.labels.includes(label))
          .map((i) => i.title),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    wrongAnswer: () => '["Everything is broken"]',
    *oracle({ project, label }, first) {
      let page = yield* openTab(first, project, "Issues");
      page = yield select(page, "Label", label);
      page = yield click(page, "button", "Filter");
      const titles = [...page.text.matchAll(/^\d+ \| \[link ([^\]]+)\]/gm)].map((m) => m[1]!);
      yield exit(JSON.stringify(titles));
    },
  }),

  defineTemplate<{ project: string; role: Role }>({
    id: "forge.list-members",
    sites: ["forge"],
    category: "extraction",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Give the user names of all members of {project} with the role {role} as a JSON list.",
      "Who is {role} in the project {project}? Answer with a JSON array of user names.",
      "Extract every {role} from the members of {project} as JSON.",
    ],
    instances: (world) => {
      const own = new Set(listManaged(world));
      return listVisible(world)
        .filter((p) => !own.has(p))
        .flatMap((p) =>
          [...new Set(p.members.map((m) => m.role))].map((role) => ({ project: p.title, role })),
        );
    },
    check: ({ project, role }, world) => [
      answerJson(
        getProject(world.forge, project)
          .members.filter((m) => m.role === role)
          .map((m) => m.user),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    wrongAnswer: () => '["nobody"]',
    *oracle({ project, role }, first) {
      const page = yield* openTab(first, project, "Members");
      const rows = page.text.matchAll(/^(?:\[link )?(\w+)\]? \| [^|\n]+ \| (\w+)/gm);
      yield exit(JSON.stringify([...rows].flatMap((m) => (m[2] === role ? [m[1]!] : []))));
    },
  }),

  defineTemplate<{ project: string; key: string }>({
    id: "forge.config-value",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "What is the {key} in the file config.toml of {project}?",
      "Open config.toml in the project {project} and answer with the value of {key}.",
      "Which {key} does {project} have, according to its config.toml?",
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        ["version", "license", "port", "workers"].map((key) => ({ project: p.title, key })),
      ),
    check: ({ project, key }, world) => {
      const file = getProject(world.forge, project).files.find((f) => f.path === "config.toml")!;
      return [answerIs(new RegExp(`^${key} = "?(.*?)"?$`, "m").exec(file.text)![1]!), expectNoChange()];
    },
    wrongAnswer: () => "unknown",
    *oracle({ project, key }, first) {
      const file = yield click(yield* openProject(first, project), "link", "config.toml");
      yield exit(read(file, new RegExp(`\\b${key} = "?([^"\\n]*?)"?(?:$| \\w+ = )`, "m")));
    },
  }),

  defineTemplate<{ project: string }>({
    id: "forge.last-commit",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "What is the title of the newest commit of {project}?",
      "Look at the commits of the project {project} and answer with the title of the last one.",
      "Which commit is the most recent one in {project}? Give its title.",
    ],
    instances: (world) => listVisible(world).map((p) => ({ project: p.title })),
    check: ({ project }, world) => [
      answerIs(getProject(world.forge, project).commits.at(-1)!.title),
      expectNoChange(),
    ],
    wrongAnswer: () => "First commit",
    *oracle({ project }, first) {
      const page = yield* openTab(first, project, "Commits");
      yield exit(read(page, /Id\n([^|\n]+) \|/));
    },
  }),

  defineTemplate<{ project: string; state: "Closed" | "All" }>({
    id: "forge.open-issue-list",
    sites: ["forge"],
    category: "navigation",
    difficulty: 6,
    phrasings: [
      "Show the issues of {project} with the state {state}.",
      "Go to the issue list of the project {project} and filter it by state {state}.",
      "Open the issues of {project}, choosing {state} as the state.",
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        (["Closed", "All"] as const).map((state) => ({ project: p.title, state })),
      ),
    check: ({ project, state }, world) => [
      urlIs(`/p/${slug(world, project)}/issues?state=${state.toLowerCase()}`, FORGE_HOST),
      expectNoChange(),
    ],
    *oracle({ project, state }, first) {
      const page = yield select(yield* openTab(first, project, "Issues"), "State", state);
      yield click(page, "button", "Filter");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; tab: string }>({
    id: "forge.open-tab",
    sites: ["forge"],
    category: "navigation",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Open the {tab} of the project {project}.",
      "Show me the {tab} of {project}.",
      "Go to {project} on the forge and look at its {tab}.",
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        ["Merge requests", "Commits", "Members"].map((tab) => ({ project: p.title, tab })),
      ),
    check: ({ project, tab }, world) => [
      urlIs(`/p/${slug(world, project)}/${tab.toLowerCase().replace(" ", "-")}`, FORGE_HOST),
      expectNoChange(),
    ],
    *oracle({ project, tab }, first) {
      yield* openTab(first, project, tab);
      yield exit();
    },
  }),

  defineTemplate<{ project: string; request: string }>({
    id: "forge.merge-impossible",
    sites: ["forge"],
    category: "impossible",
    difficulty: 5,
    phrasings: [
      'Merge the merge request "{request}" of {project}. If that is not possible, answer N/A.',
      'Get "{request}" merged in the project {project}, or say N/A if you cannot.',
      'In {project}, merge "{request}". Answer N/A where there is no way to do it.',
    ],
    instances: (world) => {
      const own = new Set(listManaged(world));
      return listVisible(world).flatMap((p) =>
        openRequests(world, p)
          .filter((m) => m.conflicts || !own.has(p))
          .map((m) => ({ project: p.title, request: m.title })),
      );
    },
    check: () => [answerNotPossible(), expectNoChange()],
    wrongAnswer: () => "Done",
    *oracle({ project, request }, first) {
      yield* openMergeRequest(first, project, request);
      yield exit("N/A");
    },
  }),

  defineTemplate<{ project: string; title: string }>({
    id: "forge.rename-impossible",
    sites: ["forge"],
    category: "impossible",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      'Rename the project {project} to "{title}". If that is not possible, answer N/A.',
      'Give {project} the new name "{title}", or say N/A if you may not.',
      'Call the project {project} "{title}" from now on. Answer N/A where it cannot be done.',
    ],
    instances: (world) => {
      const own = new Set(listManaged(world));
      return listVisible(world)
        .filter((p) => !own.has(p))
        .flatMap((p) => ["Blue Door", "Second Wind"].map((title) => ({ project: p.title, title })));
    },
    check: () => [answerNotPossible(), expectNoChange()],
    wrongAnswer: () => "Done",
    *oracle({ project }, first) {
      yield* openProject(first, project);
      yield exit("N/A");
    },
  }),

  defineTemplate<{ project: string; issue: string; user: string }>({
    id: "forge.issue-comment",
    sites: ["forge"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      'What did {user} comment on the issue "{issue}" of {project}? Answer with the exact text.',
      'Quote the comment of {user} under the open issue "{issue}" in the project {project}.',
      'Open "{issue}" in {project} and give me the words that {user} wrote there.',
    ],
    instances: (world) =>
      listVisible(world).flatMap((p) =>
        openIssues(world, p).flatMap((i) => {
          const remark = world.forge.remarks.find(
            (r) => r.kind === "issue" && r.project === p.slug && r.number === i.number,
          );
          return remark ? [{ project: p.title, issue: i.title, user: remark.author }] : [];
        }),
      ),
    check: ({ project, issue, user }, world) => {
      const { number } = getIssue(world, project, issue);
      const remark = world.forge.remarks.find(
        (r) =>
          r.kind === "issue" &&
          r.project === slug(world, project) &&
          r.number === number &&
          r.author === user,
      )!;
      return [answerIs(remark.text), expectNoChange()];
    },
    wrongAnswer: () => "No comment",
    *oracle({ project, issue, user }, first) {
      const page = yield click(yield* findIssue(first, project, issue), "link", issue);
      yield exit(
        read(page, new RegExp(`comments?\\n[\\s\\S]*?\\b${user}[\\s|]+([^|\\n]+?)[\\s|]+\\d+ \\w{3}\\b`)),
      );
    },
  }),
];
