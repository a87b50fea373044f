/** @file Tasks about projects: members, files, settings, stars; and the user's own status. */

import { click, exit, maybe, search, select, type } from "../hands.ts";
import { defineTemplate } from "../template.ts";
import { expectChange } from "../verify.ts";
import type { WorldState } from "../world-state.ts";
import {
  changeRole,
  createFile,
  editFile,
  editProject,
  fork,
  inviteMember,
  getProject,
  removeMember,
  roleOf,
  setStarred,
  setStatus,
} from "./domain.ts";
import { listManaged, ME, pick, listVisible, slug, listWritable } from "./instances.ts";
import { openProject, openTab } from "./oracle-steps.ts";
import type { Role, Visibility } from "./state.ts";

const GIVEN: Role[] = ["Guest", "Reporter", "Developer", "Maintainer"];
const NEW_NAMES = ["Blue Door", "Second Wind", "Little Helper", "Open Window", "North Star", "Paper Boat"];
const FILES: [string, string][] = [
  ["TODO.md", "Write more tests"],
  ["docs/faq.md", "Ask in the forum first"],
  ["NOTES.txt", "Meeting on Monday at nine"],
  ["docs/install.md", "Run make install"],
];

/** Members whose role can be changed. */
const changeable = (world: WorldState) =>
  listManaged(world).flatMap((p) =>
    p.members
      .filter((m) => m.role !== "Owner" && m.user !== ME)
      .map((m) => ({ project: p.title, user: m.user, role: m.role })),
  );

export const projectTemplates = [
  defineTemplate<{ project: string; user: string; role: Role }>({
    id: "forge.invite-member",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 7,
    phrasings: [
      "Invite {user} to {project} as {role}.",
      "Add the user {user} to the members of the project {project} with the role {role}.",
      "{user} should join {project}. Send an invitation as {role}.",
    ],
    instances: (world) =>
      listManaged(world).flatMap((p) =>
        world.forge.users
          .filter((u) => !roleOf(p, u.name))
          .slice(0, 9)
          .map((u) => ({ project: p.title, user: u.name, role: pick(GIVEN, p.title + u.name) })),
      ),
    check: ({ project, user, role }) => [
      expectChange((world) => inviteMember(world, slug(world, project), user, role)),
    ],
    *oracle({ project, user, role }, first) {
      let page = yield type(yield* openTab(first, project, "Members"), "User name", user);
      page = yield select(page, "Role", role);
      yield click(page, "button", "Invite member");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; user: string; role: Role }>({
    id: "forge.change-role",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 6,
    phrasings: [
      "Change the role of {user} in {project} to {role}.",
      "In the project {project}, make {user} a {role}.",
      "{user} is now {role} of {project}: update the members.",
    ],
    instances: (world) =>
      changeable(world).flatMap(({ project, user, role }) =>
        GIVEN.filter((r) => r !== role).map((r) => ({ project, user, role: r })),
      ),
    check: ({ project, user, role }) => [
      expectChange((world) => changeRole(world, slug(world, project), user, role)),
    ],
    *oracle({ project, user, role }, first) {
      const page = yield select(yield* openTab(first, project, "Members"), `Role of ${user}`, role);
      yield click(page, "button", `Save role of ${user}`);
      yield exit();
    },
  }),

  defineTemplate<{ project: string; user: string }>({
    id: "forge.remove-member",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "Remove {user} from {project}.",
      "{user} left the project {project}. Take the name off its members.",
      "In {project}, end the membership of {user}.",
    ],
    instances: (world) => changeable(world).map(({ project, user }) => ({ project, user })),
    check: ({ project, user }) => [expectChange((world) => removeMember(world, slug(world, project), user))],
    *oracle({ project, user }, first) {
      yield click(yield* openTab(first, project, "Members"), "button", `Remove ${user}`);
      yield exit();
    },
  }),

  defineTemplate<{ project: string }>({
    id: "forge.star",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 4,
    phrasings: [
      "Star the project {project}.",
      "Give {project} a star.",
      "I like {project} on the forge: star it.",
    ],
    instances: (world) =>
      listVisible(world)
        .filter((p) => !world.forge.stars[ME]?.includes(p.slug))
        .map((p) => ({ project: p.title })),
    check: ({ project }) => [expectChange((world) => setStarred(world, ME, slug(world, project), true))],
    *oracle({ project }, first) {
      yield click(yield* openProject(first, project), "button", `Star ${project}`);
      yield exit();
    },
  }),

  defineTemplate<{ project: string }>({
    id: "forge.fork",
    sites: ["forge"],
    category: "collaboration",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Fork the project {project}.",
      "Make your own copy of {project} by forking it.",
      "I want to work on a fork of {project}: create one.",
    ],
    instances: (world) => listVisible(world).map((p) => ({ project: p.title })),
    check: ({ project }) => [expectChange((world) => fork(world, ME, slug(world, project)))],
    *oracle({ project }, first) {
      yield click(yield* openProject(first, project), "button", `Fork ${project}`);
      yield exit();
    },
  }),

  defineTemplate<{ project: string; path: string; text: string }>({
    id: "forge.create-file",
    sites: ["forge"],
    category: "content management",
    difficulty: 7,
    phrasings: [
      'Add the file {path} with the content "{text}" to {project}.',
      'In the project {project}, create a file called {path} that contains "{text}".',
      'Create {path} in {project}. Content: "{text}".',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) => FILES.map(([path, text]) => ({ project: p.title, path, text }))),
    check: ({ project, path, text }) => [
      expectChange((world) => createFile(world, ME, slug(world, project), { path, text })),
    ],
    *oracle({ project, path, text }, first) {
      let page = yield click(yield* openProject(first, project), "link", "New file");
      page = yield type(page, "File name", path);
      page = yield type(page, "Content", text);
      yield click(page, "button", "Create file");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; path: string; text: string }>({
    id: "forge.edit-file",
    sites: ["forge"],
    category: "content management",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      'Change the content of the file {path} of {project} to "{text}".',
      'In the project {project}, edit {path} so that it contains only "{text}".',
      'Replace everything in {path} of {project} with "{text}".',
    ],
    instances: (world) =>
      listWritable(world).flatMap((p) =>
        [
          ["README.md", "See the forum for news"],
          ["CHANGELOG.md", "Nothing new this month"],
          ["docs/guide.md", "The guide moved to the wiki"],
        ].map(([path, text]) => ({ project: p.title, path: path!, text: text! })),
      ),
    check: ({ project, path, text }) => [
      expectChange((world) => editFile(world, ME, slug(world, project), { path, text })),
    ],
    *oracle({ project, path, text }, first) {
      let page = yield click(yield* openProject(first, project), "link", path);
      page = yield click(page, "link", "Edit file");
      page = yield type(page, "Content", text);
      yield click(page, "button", "Save file");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; title: string }>({
    id: "forge.rename-project",
    sites: ["forge"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      'Rename the project {project} to "{title}".',
      'Give {project} the new name "{title}" in its settings.',
      'Call the project {project} "{title}" from now on.',
    ],
    instances: (world) =>
      listManaged(world).flatMap((p) => NEW_NAMES.map((title) => ({ project: p.title, title }))),
    check: ({ project, title }) => [
      expectChange((world) => editProject(world, slug(world, project), { title })),
    ],
    *oracle({ project, title }, first) {
      const page = yield type(yield* openTab(first, project, "Settings"), "Project name", title);
      yield click(page, "button", "Save project");
      yield exit();
    },
  }),

  defineTemplate<{ project: string; visibility: Visibility }>({
    id: "forge.set-visibility",
    sites: ["forge"],
    category: "content management",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "Set the visibility of {project} to {visibility}.",
      "Make the project {project} {visibility} in its settings.",
      "{project} should have the visibility {visibility}.",
    ],
    instances: (world) =>
      listManaged(world).flatMap((p) =>
        (["Private", "Internal", "Public"] as const)
          .filter((v) => v !== p.visibility)
          .map((visibility) => ({ project: p.title, visibility })),
      ),
    check: ({ project, visibility }) => [
      expectChange((world) => editProject(world, slug(world, project), { visibility })),
    ],
    *oracle({ project, visibility }, first) {
      const page = yield click(yield* openTab(first, project, "Settings"), "radio", visibility);
      yield click(page, "button", "Save project");
      yield exit();
    },
  }),

  defineTemplate<{ project: string }>({
    id: "forge.archive",
    sites: ["forge"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      "Archive the project {project}.",
      "Nobody works on {project} any more: archive it.",
      "Put {project} into the archive in its settings.",
    ],
    instances: (world) => listManaged(world).map((p) => ({ project: p.title })),
    check: ({ project }) => [
      expectChange((world) => {
        editProject(world, getProject(world.forge, project).slug, { archived: true });
      }),
    ],
    *oracle({ project }, first) {
      const page = yield click(yield* openTab(first, project, "Settings"), "button", "Archive project");
      yield click(page, "button", "Confirm archive");
      yield exit();
    },
  }),

  defineTemplate<{ status: string; busy: "busy" | "available" }>({
    id: "forge.set-status",
    sites: ["forge"],
    category: "form filling",
    difficulty: 6,
    phrasings: [
      'Set my status on the forge to "{status}" and show me as {busy}.',
      'My forge status should be "{status}", and I am {busy}.',
      'Write "{status}" as my status and make me {busy}.',
    ],
    instances: () =>
      [
        "In a meeting",
        "On the train",
        "Reading your patches",
        "Back at noon",
        "Sick today",
        "Working from home",
        "Writing tests",
        "At a conference",
        "Please call me",
        "Gone fishing",
      ].flatMap((status) => (["busy", "available"] as const).map((busy) => ({ status, busy }))),
    check: ({ status, busy }) => [expectChange((world) => setStatus(world, ME, status, busy === "busy"))],
    *oracle({ status, busy }, first) {
      let page = yield click(first, "link", ME);
      page = yield click(page, "link", "Edit status");
      page = yield type(page, "Status", status);
      if ((maybe(page, "checkbox", "Busy")?.value === "checked") !== (busy === "busy"))
        page = yield click(page, "checkbox", "Busy");
      yield click(page, "button", "Save status");
      yield exit();
    },
  }),

  defineTemplate<{ user: string; password: string; project: string }>({
    id: "forge.sign-in-star",
    sites: ["forge"],
    category: "form filling",
    difficulty: 6,
    signedOut: true,
    testOnly: true,
    phrasings: [
      "Sign in as {user} with the password {password} and star the project {project}.",
      "With the account {user} (password {password}), give {project} a star.",
      "Star {project} for {user}: the password is {password}.",
    ],
    instances: (world) => {
      const shared = listVisible(world).filter((p) => p.visibility === "Public");
      return world.forge.users
        .filter((u) => u.name !== ME)
        .map(({ name, password }) => ({ user: name, password, project: pick(shared, name).title }));
    },
    check: ({ user, project }) => [
      expectChange((world) => setStarred(world, user, slug(world, project), true)),
    ],
    *oracle({ user, password, project }, first) {
      let page = yield type(first, "User name", user);
      page = yield search(page, "Password", password);
      yield click(yield* openProject(page, project), "button", `Star ${project}`);
      yield exit();
    },
  }),
];
