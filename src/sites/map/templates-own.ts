/** @file Tasks that change something: saved lists, reviews, suggested edits; and signing in. */

import { createRng } from "../../core/rng.ts";
import { expectChange, pageShows, someText, expectNoChange, urlIs } from "../verify.ts";
import { defineTemplate } from "../template.ts";
import { click, exit, select, type } from "../hands.ts";
import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import type { WorldState } from "../world-state.ts";
import { MAP_HOST } from "./context.tsx";
import {
  addReview,
  createList,
  deleteList,
  listsOf,
  findPlace,
  removePlace,
  renameList,
  savePlace,
  suggestEdit,
} from "./domain.ts";
import { openPlace } from "./oracle-steps.ts";
import type { SavedList } from "./state.ts";

const USER = "mara";

const NAMES: readonly string[] = [
  "Rainy days",
  "Summer holiday",
  "Birthday ideas",
  "Best breakfast",
  "Places to draw",
  "Sunday walks",
  "For visitors",
  "Date night",
  "Quiet corners",
  "Business trip",
  "Bike tour",
  "School outing",
  "Winter treats",
  "Near the office",
  "Anniversary",
  "Bookshops and coffee",
  "With grandma",
  "Dog friendly",
  "Late evening",
  "To try in April",
  "Photo spots",
  "Emergency numbers",
  "Road trip south",
  "Lunch under ten",
  "Reading club",
  "Moving house",
];

const TEXTS: readonly [stars: number, text: string][] = [
  [5, "Exactly what we hoped for, and the staff could not have been kinder."],
  [4, "Very good, only a little hard to find."],
  [3, "Fine for a short visit, nothing special."],
  [2, "We waited too long and nobody explained why."],
  [5, "My new favourite. I will be back next week."],
  [1, "Closed although the sign said open."],
];

const mine = ({ map }: WorldState): SavedList[] => listsOf(map, USER);
const findList = (world: WorldState, name: string): SavedList =>
  mine(world).find((list) => list.name === name)!;

function* openList(first: Observation, list: string): Generator<Action, Observation, Observation> {
  const lists = yield click(first, "link", "Saved lists");
  return yield click(lists, "link", list);
}

function* save(first: Observation, place: string, list: string): Generator<Action, Observation, Observation> {
  let page = yield* openPlace(first, place);
  page = yield select(page, "List", list);
  return yield click(page, "button", "Save place");
}

export const templates = [
  defineTemplate<{ place: string; list: string }>({
    id: "map.save-place",
    sites: ["map"],
    category: "collaboration",
    difficulty: 5,
    phrasings: [
      'Save {place} to my list "{list}".',
      'Add {place} to the list "{list}".',
      'Put {place} on my saved list called "{list}".',
      'I want to keep {place} in "{list}". Save it there.',
    ],
    instances: (world) =>
      world.map.places.flatMap((place, i) => {
        const list = mine(world)[i % 4]!;
        return list.places.includes(place.slug) ? [] : [{ place: place.name, list: list.name }];
      }),
    check: ({ place, list }, world) => [
      expectChange((state) => savePlace(state, findList(world, list).id, findPlace(world.map, place).slug)),
    ],
    *oracle({ place, list }, first) {
      yield* save(first, place, list);
      yield exit();
    },
  }),
  defineTemplate<{ place: string; list: string }>({
    id: "map.remove-saved-place",
    sites: ["map"],
    category: "collaboration",
    difficulty: 4,
    phrasings: [
      'Remove {place} from my list "{list}".',
      'Take {place} off the saved list "{list}".',
      'I no longer want {place} in "{list}". Remove it.',
    ],
    instances: (world) =>
      mine(world).flatMap((list) =>
        list.places.map((slug) => ({
          place: world.map.places.find((place) => place.slug === slug)!.name,
          list: list.name,
        })),
      ),
    check: ({ place, list }, world) => [
      expectChange((state) => removePlace(state, findList(world, list).id, findPlace(world.map, place).slug)),
    ],
    *oracle({ place, list }, first) {
      const page = yield* openList(first, list);
      yield click(page, "button", `Remove ${place}`);
      yield exit();
    },
  }),
  defineTemplate<{ name: string }>({
    id: "map.create-list",
    sites: ["map"],
    category: "form filling",
    difficulty: 4,
    phrasings: [
      'Create a new saved list called "{name}".',
      'Make me a list with the name "{name}" on the map.',
      'I need an empty list named "{name}". Create it.',
    ],
    instances: () => NAMES.map((name) => ({ name })),
    check: ({ name }) => [expectChange((state) => createList(state, USER, name))],
    *oracle({ name }, first) {
      let page = yield click(first, "link", "Saved lists");
      page = yield type(page, "New list", name);
      yield click(page, "button", "Create list");
      yield exit();
    },
  }),
  defineTemplate<{ list: string; name: string }>({
    id: "map.rename-list",
    sites: ["map"],
    category: "form filling",
    difficulty: 5,
    phrasings: [
      'Rename my list "{list}" to "{name}".',
      'Change the name of the saved list "{list}" to "{name}".',
      'My list "{list}" should be called "{name}" from now on.',
    ],
    instances: (world) =>
      mine(world).flatMap((list, i) =>
        NAMES.filter((_, n) => n % 2 === i % 2).map((name) => ({ list: list.name, name })),
      ),
    check: ({ list, name }, world) => [
      expectChange((state) => renameList(state, findList(world, list).id, name)),
    ],
    *oracle({ list, name }, first) {
      let page = yield* openList(first, list);
      page = yield type(page, "List name", name);
      yield click(page, "button", "Rename list");
      yield exit();
    },
  }),
  defineTemplate<{ list: string }>({
    id: "map.delete-list",
    sites: ["map"],
    category: "collaboration",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      'Delete my saved list "{list}".',
      'Remove the whole list "{list}".',
      'I do not need the list "{list}" any more. Delete it.',
    ],
    instances: (world) => mine(world).map((list) => ({ list: list.name })),
    check: ({ list }, world) => [expectChange((state) => deleteList(state, findList(world, list).id))],
    *oracle({ list }, first) {
      let page = yield* openList(first, list);
      page = yield click(page, "button", "Delete list");
      yield click(page, "button", "Yes, delete it");
      yield exit();
    },
  }),
  defineTemplate<{ name: string; first: string; second: string }>({
    id: "map.plan-trip",
    sites: ["map"],
    category: "collaboration",
    difficulty: 12,
    phrasings: [
      'Create a list called "{name}" and save {first} and then {second} in it.',
      'Plan a trip: make a new list "{name}" with {first} first and {second} second.',
      'I want a saved list "{name}" that holds {first} and {second}, in this order.',
    ],
    instances: ({ map }) => {
      const rng = createRng("map.plan-trip");
      return NAMES.flatMap((name) =>
        Array.from({ length: 4 }, () => {
          const [first, second] = rng.shuffle(map.places);
          return { name, first: first!.name, second: second!.name };
        }),
      );
    },
    check: ({ name, first, second }, { map }) => [
      expectChange((state) => {
        const { id } = createList(state, USER, name);
        for (const place of [first, second]) savePlace(state, id, findPlace(map, place).slug);
      }),
    ],
    *oracle({ name, first: one, second: two }, first) {
      let page = yield click(first, "link", "Saved lists");
      page = yield type(page, "New list", name);
      page = yield click(page, "button", "Create list");
      page = yield* save(page, one, name);
      yield* save(page, two, name);
      yield exit();
    },
  }),
  defineTemplate<{ place: string; stars: number; text: string }>({
    id: "map.write-review",
    sites: ["map"],
    category: "form filling",
    difficulty: 8,
    phrasings: [
      'Review {place} with {stars} stars and the text "{text}"',
      'Post a review of {place}: {stars} out of 5 stars, saying "{text}"',
      'Give {place} {stars} stars and write "{text}"',
    ],
    instances: ({ map }) => {
      const rng = createRng("map.write-review");
      return map.places.map((place) => {
        const [stars, text] = rng.pick(TEXTS);
        return { place: place.name, stars, text };
      });
    },
    check: ({ place, stars, text }, { map }) => [
      expectChange((state) =>
        addReview(state, findPlace(map, place).slug, { author: "Mara Ellison", stars, text }),
      ),
    ],
    *oracle({ place, stars, text }, first) {
      let page = yield* openPlace(first, place);
      page = yield click(page, "link", "Reviews");
      page = yield click(page, "link", "Write a review");
      page = yield select(page, "Stars", `${stars} star`);
      page = yield type(page, "Your review", text);
      yield click(page, "button", "Post review");
      yield exit();
    },
  }),
  defineTemplate<{ place: string; phone: string }>({
    id: "map.suggest-phone",
    sites: ["map"],
    category: "form filling",
    difficulty: 7,
    phrasings: [
      "The phone number of {place} is wrong. Suggest an edit: it should be {phone}.",
      "Suggest {phone} as the right phone number of {place}.",
      "Send a correction for {place}: the phone is {phone}.",
    ],
    instances: ({ map }) => {
      const rng = createRng("map.suggest-phone");
      return map.places.map((place) => ({
        place: place.name,
        phone: `${place.phone.slice(0, 5)}${100 + rng.int(900)} ${1000 + rng.int(9000)}`,
      }));
    },
    check: ({ place, phone }, { map }) => [
      expectChange((state) =>
        suggestEdit(state, {
          place: findPlace(map, place).slug,
          author: USER,
          field: "Phone",
          value: phone,
        }),
      ),
    ],
    *oracle({ place, phone }, first) {
      let page = yield* openPlace(first, place);
      page = yield click(page, "link", "Suggest an edit");
      page = yield select(page, "What is wrong", "Phone");
      page = yield type(page, "What is right", phone);
      yield click(page, "button", "Send suggestion");
      yield exit();
    },
  }),
  defineTemplate<{ place: string }>({
    id: "map.report-closed",
    sites: ["map"],
    category: "form filling",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      "{place} has closed for good. Report it with a suggested edit and a short note.",
      "Suggest an edit to {place}: it is permanently closed. Add a few words of explanation.",
      "Tell the map that {place} is permanently closed, with a note.",
    ],
    instances: ({ map }) => map.places.filter((place) => place.hours).map(({ name }) => ({ place: name })),
    check: ({ place }, { map }) => [
      expectChange((state) => {
        const { slug } = findPlace(map, place);
        suggestEdit(state, { place: slug, author: USER, field: "Permanently closed", value: "" });
        state.map.suggestions.at(-1)!.value = someText();
      }),
    ],
    *oracle({ place }, first) {
      let page = yield* openPlace(first, place);
      page = yield click(page, "link", "Suggest an edit");
      page = yield select(page, "What is wrong", "Permanently closed");
      page = yield type(page, "What is right", "The windows are boarded up and there is a notice.");
      yield click(page, "button", "Send suggestion");
      yield exit();
    },
  }),
  defineTemplate<{ user: string; password: string; list: string }>({
    id: "map.sign-in-list",
    sites: ["map"],
    category: "navigation",
    difficulty: 6,
    signedOut: true,
    phrasings: [
      'Sign in as {user} with the password {password} and open the saved list "{list}".',
      'Log in (user {user}, password {password}), then show the list "{list}".',
      'With the account {user} and the password {password}, go to my saved list "{list}".',
    ],
    instances: ({ map }) =>
      map.lists.map((list) => ({
        user: list.owner,
        password: map.users.find((user) => user.name === list.owner)!.password,
        list: list.name,
      })),
    check: ({ list }, { map }) => [
      urlIs(`/lists/${map.lists.find((candidate) => candidate.name === list)!.id}`, MAP_HOST),
      pageShows(list),
      expectNoChange(),
    ],
    *oracle({ user, password, list }, first) {
      let page = yield click(first, "link", "Sign in");
      page = yield type(page, "User name", user);
      page = yield type(page, "Password", password);
      page = yield click(page, "button", /Sign in/);
      yield click(page, "link", list);
      yield exit();
    },
  }),
];
