/** @file Tasks about ways and distances. */

import { createRng, type Rng } from "../../core/rng.ts";
import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import { rows } from "../oracle-steps.ts";
import { answerIs, expectNoChange, urlIs } from "../verify.ts";
import { defineTemplate } from "../template.ts";
import { click, exit, select, type } from "../hands.ts";
import { withQuery } from "../ui.tsx";
import type { WorldState } from "../world-state.ts";
import { MAP_HOST } from "./context.tsx";
import { CATEGORIES, directions, duration, km, nearby, findPlace, townDistanceKm } from "./domain.ts";
import { TOWNS } from "./gazetteer.ts";
import { openPlace } from "./oracle-steps.ts";
import { MODES } from "./roads.ts";
import type { Mode } from "./roads.ts";

type Trip = { from: string; to: string; mode: Mode };
type Near = { place: string; category: string };

const BY: Record<Mode, string> = { walk: "on foot", bike: "by bike", drive: "by car" };
const OPTION: Record<Mode, string> = { walk: "Walk", bike: "Bike", drive: "Drive" };
const tripWords = ({ mode }: Trip) => ({ by: BY[mode] });

/** Short ways on foot, longer ones by bike and car; no two alike. */
function trips({ map }: WorldState, count: number, label: string): Trip[] {
  const draw = (rng: Rng, mode: Mode): Trip => {
    const from = rng.pick(map.places);
    const to = rng.pick(
      map.places.filter((place) => place !== from && (mode !== "walk" || place.town === from.town)),
    );
    return { from: from.name, to: to.name, mode };
  };
  const rng = createRng(label);
  const found = new Map<string, Trip>();
  for (let i = 0; found.size < count; i++) {
    let trip = draw(rng, MODES[i % 3]!);
    // A draw of its own in place of a repeated one leaves all others as they are.
    for (const again = rng.fork(`redraw ${i}`); found.has(JSON.stringify(trip));)
      trip = draw(again, trip.mode);
    found.set(JSON.stringify(trip), trip);
  }
  return [...found.values()];
}

const routeOf = ({ map }: WorldState, { from, to, mode }: Trip) =>
  directions(findPlace(map, from), findPlace(map, to), mode);

function* askRoute(
  first: Observation,
  { from, to, mode }: Trip,
): Generator<Action, Observation, Observation> {
  let page = yield click(first, "link", "Directions");
  page = yield type(page, "From", from);
  page = yield type(page, "To", to);
  if (mode !== "drive") page = yield select(page, "Mode", OPTION[mode]);
  return yield click(page, "button", "Get directions");
}

const summary = (page: Observation) => /^([\d.]+ km), ((?:\d+ h )?\d+ min)$/m.exec(page.text)!;

function nearInstances(
  { map }: WorldState,
  label: string,
  fits: (found: ReturnType<typeof nearby>) => boolean,
) {
  const rng = createRng(label);
  return map.places
    .map((place): Near => ({ place: place.name, category: rng.pick(CATEGORIES) }))
    .filter((near) => fits(nearOf({ map } as WorldState, near)));
}
const nearOf = ({ map }: WorldState, { place, category }: Near) =>
  nearby(map, findPlace(map, place), { category, withinKm: 1 });

function* askNear(
  first: Observation,
  { place, category }: Near,
): Generator<Action, Observation, Observation> {
  let page = yield* openPlace(first, place);
  page = yield click(page, "link", "Nearby places");
  page = yield select(page, "Category", category);
  return yield click(page, "button", "Apply");
}

const kind = ({ category }: Near) => ({ kind: category.toLowerCase() });

export const templates = [
  defineTemplate<Trip>({
    id: "map.route-distance",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 6,
    phrasings: [
      "How far is it {by} from {from} to {to}?",
      "What is the distance {by} from {from} to {to}, in km?",
      "I go {by} from {from} to {to}. How many kilometres is that?",
      "Use the directions to find the length of the way {by} from {from} to {to}.",
    ],
    words: tripWords,
    instances: (world) => trips(world, 240, "map.route-distance"),
    check: (trip, world) => {
      const text = km(routeOf(world, trip).km);
      return [answerIs(text, text.replace(" km", ""), text.replace(" km", "km")), expectNoChange()];
    },
    *oracle(trip, first) {
      yield exit(summary(yield* askRoute(first, trip))[1]);
    },
    wrongAnswer: (trip, world) => km(routeOf(world, trip).km + 0.3),
  }),
  defineTemplate<Trip>({
    id: "map.route-time",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "How long does it take {by} from {from} to {to}?",
      "What travel time does the map give {by} from {from} to {to}?",
      "I want to get {by} from {from} to {to}. How much time should I plan?",
    ],
    words: tripWords,
    instances: (world) => trips(world, 150, "map.route-time"),
    check: (trip, world) => {
      const { minutes } = routeOf(world, trip);
      return [
        answerIs(duration(minutes), `${minutes} min`, `${minutes} minutes`, String(minutes)),
        expectNoChange(),
      ];
    },
    *oracle(trip, first) {
      yield exit(summary(yield* askRoute(first, trip))[2]);
    },
    wrongAnswer: (trip, world) => duration(routeOf(world, trip).minutes + 4),
  }),
  defineTemplate<Trip>({
    id: "map.show-route",
    sites: ["map"],
    category: "navigation",
    difficulty: 6,
    phrasings: [
      "Show the directions {by} from {from} to {to}.",
      "Get me the route {by} from {from} to {to} on the screen.",
      "Open the way {by} that leads from {from} to {to}.",
    ],
    words: tripWords,
    instances: (world) => trips(world, 180, "map.show-route"),
    check: ({ from, to, mode }) => [
      urlIs(withQuery("/directions", { from, to, mode }), MAP_HOST),
      expectNoChange(),
    ],
    *oracle(trip, first) {
      yield* askRoute(first, trip);
      yield exit();
    },
  }),
  defineTemplate<Near>({
    id: "map.nearest",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 6,
    phrasings: [
      "Which {kind} is nearest to {place} on foot?",
      "What is the closest {kind} to {place}?",
      "I am at {place}. Which {kind} is the shortest walk away?",
    ],
    words: kind,
    instances: (world) =>
      nearInstances(world, "map.nearest", ([a, b]) => a !== undefined && (!b || b.km - a.km > 0.02)),
    check: (near, world) => [answerIs(nearOf(world, near)[0]!.place.name), expectNoChange()],
    *oracle(near, first) {
      yield exit(rows(yield* askNear(first, near), "Place")[0]![0]);
    },
    wrongAnswer: (near, world) =>
      nearOf(world, near)[1]?.place.name ??
      world.map.places.find((place) => place.category !== near.category)!.name,
  }),
  defineTemplate<Near>({
    id: "map.count-nearby",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "How many places of the category {category} are within 1 km of {place} on foot?",
      "Count the places of the category {category} up to 1 km from {place}. Answer with a number.",
      "I am at {place} and walk 1 km at most. How many places of the category {category} can I reach?",
    ],
    instances: (world) => nearInstances(world, "map.count-nearby", (found) => found.length > 0),
    check: (near, world) => [answerIs(String(nearOf(world, near).length)), expectNoChange()],
    *oracle(near, first) {
      yield exit(/of (\d+)$/m.exec((yield* askNear(first, near)).text)![1]);
    },
    wrongAnswer: (near, world) => String(nearOf(world, near).length + 1),
  }),
  defineTemplate<{ from: string; to: string }>({
    id: "map.town-distance",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "How far is it by car from the town of {from} to {to}, according to the town's distances?",
      "Look at the distances of the town {from}. How many kilometres is it to {to}?",
      "What distance does the page of the town {from} give to {to}?",
    ],
    instances: () =>
      TOWNS.flatMap((from) =>
        TOWNS.filter((to) => to !== from).map((to) => ({ from: from.name, to: to.name })),
      ),
    check: ({ from, to }, world) => {
      const text = km(distance(world, from, to));
      return [answerIs(text, text.replace(" km", ""), text.replace(" km", "km")), expectNoChange()];
    },
    *oracle({ from, to }, first) {
      const towns = yield click(first, "link", "Towns");
      const town = yield click(towns, "link", from);
      const table = rows(yield click(town, "link", "Distances"), "To");
      yield exit(table.find((row) => row[0] === to)![1]);
    },
    wrongAnswer: ({ from, to }, world) => km(distance(world, from, to) + 1.7),
  }),
];

function distance({ map }: WorldState, from: string, to: string): number {
  const town = (name: string) => TOWNS.find((t) => t.name === name)!;
  return townDistanceKm(map, town(from), town(to));
}
