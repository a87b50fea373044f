/** @file Tasks that keep the handbook in order: rename, protect, delete, watch, rights. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { choose, clickOn, fillIn, reach, readUntil } from "../reading.ts";
import { notices, procedures, stops } from "./content.ts";
import { finish, open, openMore } from "./hands.ts";
import type { WikiChecks } from "./state.ts";

const WARDEN = "Orla Winter";

const rename = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string; to: string }>({
    id: "rename",
    phrasings: [
      'Rename the page "{title}" to "{to}".',
      'The notice "{title}" should be called "{to}" from now on. Move it.',
      'Move the page "{title}" to the new title "{to}".',
    ],
    instances: notices.flatMap(({ title }) => [
      { title, to: `${title} this year` },
      { title, to: `Reminder about ${title.toLowerCase()}` },
    ]),
    difficulty: 6,
    category: "content management",
    user: "Mira Holt",
    check: ({ title, to }) => [
      becomes(({ pages }) => {
        pages[to] = pages[title]!;
        pages[title] = { text: `#REDIRECT [[${to}]]`, protection: {} };
      }),
    ],
    *oracle({ title, to }, first) {
      let page = yield* open(first, "Notices", title);
      page = yield* openMore(page, "Move");
      page = yield* reach(page, "button", "Move page");
      // The field has no name of its own: it is the one that has the old title.
      const field = page.elements.find(({ value }) => value === title)!;
      page = yield { kind: "type", element: field.name, text: to };
      page = yield* clickOn(page, "button", "Move page");
      yield* readUntil(page, /has been moved/);
      yield exit();
    },
  });

const protect = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string }>({
    id: "protect",
    phrasings: [
      'Protect the page "{title}" so that only administrators can edit and move it, without an end.',
      'Nobody but administrators may change or move "{title}" from now on. Protect it for ever.',
      'Set the protection of "{title}": editing and moving for administrators only, no expiry.',
    ],
    instances: procedures.map(({ title }) => ({ title })),
    difficulty: 6,
    category: "content management",
    user: WARDEN,
    check: ({ title }) => [
      becomes(({ pages }) => void (pages[title]!.protection = { edit: "sysop", move: "sysop" })),
    ],
    *oracle({ title }, first) {
      let page = yield* open(first, "Procedures", title);
      page = yield* openMore(page, "Protect");
      page = yield* choose(page, "Allow all users", "Allow only administrators");
      page = yield* clickOn(page, "button", "Confirm");
      yield* finish(page);
      yield exit();
    },
  });

const remove = ({ becomes }: WikiChecks) =>
  defineTemplate<{ title: string }>({
    id: "delete",
    phrasings: [
      'Delete the notice "{title}".',
      'Remove the page "{title}" from the handbook.',
      'The notice "{title}" is out of date. Delete its page.',
    ],
    instances: notices.map(({ title }) => ({ title })),
    difficulty: 5,
    category: "content management",
    user: WARDEN,
    check: ({ title }) => [becomes(({ pages }) => void delete pages[title])],
    *oracle({ title }, first) {
      let page = yield* open(first, "Notices", title);
      page = yield* openMore(page, "Delete");
      page = yield* clickOn(page, "button", "Delete page");
      yield* readUntil(page, /has been deleted/);
      yield exit();
    },
  });

const watch = ({ becomes }: WikiChecks) =>
  defineTemplate<{ stop: string }>({
    id: "watch",
    phrasings: [
      "Put the page on the stop {stop} on my watchlist.",
      "I want to hear of every change of the page {stop}. Watch it for me.",
      "Watch the page {stop}.",
    ],
    instances: stops.map(({ name }) => ({ stop: name })),
    difficulty: 4,
    category: "navigation",
    user: "Ines Calder",
    check: ({ stop }) => [
      becomes(
        ({ watched }) => void (watched["Ines Calder"] = [...(watched["Ines Calder"] ?? []), stop].sort()),
      ),
    ],
    *oracle({ stop }, first) {
      let page = yield* open(first, "Stops", stop);
      page = yield* clickOn(page, "link", "Watch");
      yield* readUntil(page, /\bUnwatch\b/);
      yield exit();
    },
  });

const RIGHTS = { bots: "bot", administrators: "sysop", bureaucrats: "bureaucrat" } as const;

const rights = ({ becomes }: WikiChecks) =>
  defineTemplate<{ user: string; group: keyof typeof RIGHTS }>({
    id: "user-rights",
    phrasings: [
      "Make the user {user} a member of the group {group}.",
      "Add {user} to the {group} of this wiki.",
      "Give {user} the rights of the group {group}.",
    ],
    instances: ["Mira Holt", "Teo Brandt", "Ines Calder"].flatMap((user) =>
      (Object.keys(RIGHTS) as (keyof typeof RIGHTS)[]).map((group) => ({ user, group })),
    ),
    difficulty: 7,
    category: "content management",
    user: WARDEN,
    check: ({ user, group }) => [becomes(({ groups }) => void (groups[user] = [RIGHTS[group]]))],
    *oracle({ user, group }, first) {
      let page = yield* clickOn(first, "link", "Special pages");
      page = yield* clickOn(page, "link", "User rights");
      page = yield* fillIn(page, /^Enter a username/, user);
      page = yield* clickOn(page, "button", "Load user groups");
      // The name of a box is the group's in the singular.
      page = yield* clickOn(page, "checkbox", group.replace(/s$/, ""));
      page = yield* clickOn(page, "button", "Save user groups");
      yield* readUntil(page, /have been saved/);
      yield exit();
    },
  });

export const keeping = (checks: WikiChecks): SiteTemplate[] =>
  [rename, protect, remove, watch, rights].map((template) => template(checks));
