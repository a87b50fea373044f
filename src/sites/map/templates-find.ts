/** @file Tasks about places and towns. */

import { createRng } from "../../core/rng.ts";
import type { JsonValue } from "../../core/task.ts";
import { fact, rows } from "../oracle-steps.ts";
import { answerIs, answerJson, answerNotPossible, expectNoChange, urlIs } from "../verify.ts";
import { defineTemplate } from "../template.ts";
import { click, exit, maybe, search } from "../hands.ts";
import type { WorldState } from "../world-state.ts";
import { MAP_HOST } from "./context.tsx";
import { CATEGORIES, coordinates, findPlace, ratingOf, searchPlaces } from "./domain.ts";
import { TOWNS } from "./gazetteer.ts";
import { listPlaces, openPlace } from "./oracle-steps.ts";
import type { Place } from "./state.ts";

type OfPlace = { place: string };
type Kind = { category: string; town: string };

const eachPlace = ({ map }: WorldState): OfPlace[] => map.places.map(({ name }) => ({ place: name }));
const slugOf = (town: string) => TOWNS.find((t) => t.name === town)!.slug;
const inTown = (
  world: WorldState,
  { category, town }: Kind,
  sort: "Highest rated" | "Most reviewed" | "Name",
) => searchPlaces(world.map, { text: "", category, town: slugOf(town), sort });
const kinds = (): Kind[] =>
  CATEGORIES.flatMap((category) => TOWNS.map((town) => ({ category, town: town.name })));
/** `cafes`, `post offices`, `libraries`. */
const plural = (category: string) =>
  category
    .toLowerCase()
    .replace(/y$/, "ie")
    .replace(/(s|x|ch)$/, "$1e") + "s";
const kindWords = ({ category }: { category: string }) => ({
  kind: category.toLowerCase(),
  kinds: plural(category),
});
/** A plausible wrong answer: the same fact of the next place. */
const another = (world: WorldState, name: string): Place => {
  const { places } = world.map;
  return places[(places.findIndex((place) => place.name === name) + 1) % places.length]!;
};

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
const openOn = (place: Place, day: string) =>
  place.hours &&
  (day === "Saturday" ? place.hours.saturday : day === "Sunday" ? place.hours.sunday : place.hours.weekdays);
const dayLine = (day: string) => (day === "Saturday" || day === "Sunday" ? day : "Monday to Friday");

const MISSING: readonly string[] = [
  "Silver Birch Cafe",
  "Captain's Table Restaurant",
  "Old Forge Bakery",
  "Chess Museum",
  "Hawthorn Pharmacy",
  "Cathedral Park",
  "Imperial Hotel",
  "Galaxy Cinema",
  "Nightingale Hospital",
  "Eagle Peak Viewpoint",
  "Moonbeam Cafe",
  "Blue Lagoon Restaurant",
  "Sunrise Bakery",
  "Perfume Museum",
  "Willowbrook Pharmacy",
  "Kite Park",
  "Mermaid Hotel",
  "Orpheum Cinema",
  "Black Sheep Cafe",
  "Dragon Palace Restaurant",
  "Crooked Oven Bakery",
  "Chocolate Museum",
  "Station Road Pharmacy",
  "Fountain Park",
  "Swan Lake Hotel",
  "Tivoli Cinema",
  "Thistle Cafe",
  "El Toro Restaurant",
  "Village Bakery",
  "Doll Museum",
  "Ashgrove Pharmacy",
  "Observatory Park",
];

export const templates = [
  defineTemplate<OfPlace>({
    id: "map.place-phone",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "What is the phone number of {place}?",
      "Find {place} on the map and tell me its phone number.",
      "I want to call {place}. Which number do I dial?",
      "Look up the telephone number listed for {place}.",
    ],
    instances: eachPlace,
    check: ({ place }, { map }) => [answerIs(findPlace(map, place).phone), expectNoChange()],
    *oracle({ place }, first) {
      yield exit(fact(yield* openPlace(first, place), "Phone"));
    },
    wrongAnswer: ({ place }, world) => another(world, place).phone,
  }),
  defineTemplate<OfPlace>({
    id: "map.place-address",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      "What is the address of {place}?",
      "Where exactly is {place}? Give street, house number and town.",
      "I need to send a letter to {place}. What is its address?",
    ],
    instances: eachPlace,
    check: ({ place }, { map }) => [answerIs(findPlace(map, place).address), expectNoChange()],
    *oracle({ place }, first) {
      yield exit(fact(yield* openPlace(first, place), "Address"));
    },
    wrongAnswer: ({ place }, world) => another(world, place).address,
  }),
  defineTemplate<OfPlace>({
    id: "map.place-coordinates",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      "What are the coordinates of {place}?",
      "Give me latitude and longitude of {place} as the map shows them.",
      "I want to enter {place} into my navigation device. Which coordinates does the map give?",
    ],
    instances: eachPlace,
    check: ({ place }, { map }) => [answerIs(coordinates(findPlace(map, place))), expectNoChange()],
    *oracle({ place }, first) {
      yield exit(fact(yield* openPlace(first, place), "Coordinates"));
    },
    wrongAnswer: ({ place }, world) => coordinates(another(world, place)),
  }),
  defineTemplate<{ place: string; day: string; what: "open" | "close" }>({
    id: "map.place-hours",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "At what time does {place} {what} on {day}?",
      "When does {place} {what} on a {day}? Answer with the time only.",
      "Check the opening hours of {place}: what time does it {what} on {day}?",
      "I plan to visit {place} on {day}. When does it {what}?",
    ],
    instances: ({ map }) =>
      map.places.flatMap((place, i) =>
        [DAYS[i % 5]!, "Saturday", "Sunday"].flatMap((day, d) =>
          openOn(place, day)
            ? [{ place: place.name, day, what: (i + d) % 2 ? ("open" as const) : ("close" as const) }]
            : [],
        ),
      ),
    check: ({ place, day, what }, { map }) => [
      answerIs(openOn(findPlace(map, place), day)![what === "open" ? 0 : 1]),
      expectNoChange(),
    ],
    *oracle({ place, day, what }, first) {
      const [opens, closes] = fact(yield* openPlace(first, place), dayLine(day)).split(" to ");
      yield exit(what === "open" ? opens! : closes!);
    },
    wrongAnswer: ({ place, day, what }, { map }) =>
      openOn(findPlace(map, place), day)![what === "open" ? 1 : 0],
  }),
  defineTemplate<OfPlace>({
    id: "map.open-on-sunday",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "Is {place} open on Sundays? Answer yes or no.",
      "Can I visit {place} on a Sunday? Answer yes or no.",
      "Look at the opening hours of {place}. Does it open on Sunday? Answer yes or no.",
    ],
    instances: ({ map }) => map.places.filter((place) => place.hours).map(({ name }) => ({ place: name })),
    check: ({ place }, { map }) => [
      answerIs(findPlace(map, place).hours!.sunday ? "yes" : "no"),
      expectNoChange(),
    ],
    *oracle({ place }, first) {
      yield exit(fact(yield* openPlace(first, place), "Sunday") === "Closed" ? "no" : "yes");
    },
    wrongAnswer: ({ place }, { map }) => (findPlace(map, place).hours!.sunday ? "no" : "yes"),
  }),
  defineTemplate<Kind>({
    id: "map.best-rated",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "Which {kind} in {town} has the highest rating?",
      "What is the best rated {kind} in {town}?",
      "I am in {town} and look for the {kind} that people rate best. Which one is it?",
    ],
    words: kindWords,
    instances: (world) =>
      kinds().filter((kind) => {
        const [best, second] = inTown(world, kind, "Highest rated");
        return best && second && ratingOf(best) !== ratingOf(second);
      }),
    check: (kind, world) => [answerIs(inTown(world, kind, "Highest rated")[0]!.name), expectNoChange()],
    *oracle({ category, town }, first) {
      yield exit(rows(yield* listPlaces(first, category, { town, sort: "Highest rated" }), "Place")[0]![0]);
    },
    wrongAnswer: (kind, world) => inTown(world, kind, "Highest rated")[1]!.name,
  }),
  defineTemplate<Kind>({
    id: "map.most-reviewed",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "Which {kind} in {town} has the most reviews?",
      "What is the name of the most reviewed {kind} in {town}?",
      "Of the {kinds} in {town}, which one did most people review?",
    ],
    words: kindWords,
    instances: (world) =>
      kinds().filter((kind) => {
        const [best, second] = inTown(world, kind, "Most reviewed");
        return best && second && best.ratings.count !== second.ratings.count;
      }),
    check: (kind, world) => [answerIs(inTown(world, kind, "Most reviewed")[0]!.name), expectNoChange()],
    *oracle({ category, town }, first) {
      yield exit(rows(yield* listPlaces(first, category, { town, sort: "Most reviewed" }), "Place")[0]![0]);
    },
    wrongAnswer: (kind, world) => inTown(world, kind, "Most reviewed")[1]!.name,
  }),
  defineTemplate<Kind>({
    id: "map.count-places",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "How many {kinds} does the map show in {town}?",
      "Count the {kinds} in {town}. Answer with a number.",
      "What is the number of {kinds} listed for {town}?",
    ],
    words: kindWords,
    instances: (world) => kinds().filter((kind) => inTown(world, kind, "Name").length > 0),
    check: (kind, world) => [answerIs(String(inTown(world, kind, "Name").length)), expectNoChange()],
    *oracle({ category, town }, first) {
      const results = yield* listPlaces(first, category, { town });
      yield exit(/of (\d+)$/m.exec(results.text)![1]);
    },
    wrongAnswer: (kind, world) => String(inTown(world, kind, "Name").length + 1),
  }),
  defineTemplate<Kind>({
    id: "map.missing-category",
    sites: ["map"],
    category: "impossible",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Which {kind} in {town} has the highest rating? Answer N/A if there is none.",
      "What is the best rated {kind} in {town}? If the map has none, say N/A.",
      "Name the top {kind} of {town}, or answer N/A if {town} has no {kind}.",
    ],
    words: kindWords,
    instances: (world) => kinds().filter((kind) => inTown(world, kind, "Name").length === 0),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ category, town }, first) {
      const results = yield* listPlaces(first, category, { town });
      yield exit(rows(results, "Place")[0]?.[0] ?? "N/A");
    },
    wrongAnswer: ({ category }, world) =>
      searchPlaces(world.map, { text: "", category, sort: "Highest rated" })[0]!.name,
  }),
  defineTemplate<OfPlace>({
    id: "map.missing-place",
    sites: ["map"],
    category: "impossible",
    difficulty: 2,
    phrasings: [
      "What is the phone number of {place}? Answer N/A if it is not on the map.",
      "Find the phone number of {place}, or answer N/A if there is no such place.",
      "Look up {place} and tell me its phone number. If the map does not know it, say N/A.",
    ],
    instances: ({ map }) =>
      MISSING.filter((name) => !map.places.some((place) => place.name === name)).map((place) => ({ place })),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ place }, first) {
      const results = yield search(first, "Search the map", place);
      yield exit(maybe(results, "link", place) ? "wrong" : "N/A");
    },
    wrongAnswer: (_, { map }) => map.places[0]!.phone,
  }),
  defineTemplate<OfPlace>({
    id: "map.open-place",
    sites: ["map"],
    category: "navigation",
    difficulty: 3,
    phrasings: [
      "Open the page of {place}.",
      "Go to {place} on the map.",
      "Show me the details of {place}.",
      "Bring up the map's entry for {place}.",
    ],
    instances: eachPlace,
    check: ({ place }, { map }) => [
      urlIs(`/places/${findPlace(map, place).slug}`, MAP_HOST),
      expectNoChange(),
    ],
    *oracle({ place }, first) {
      yield* openPlace(first, place);
      yield exit();
    },
  }),
  defineTemplate<OfPlace>({
    id: "map.place-json",
    sites: ["map"],
    category: "extraction",
    difficulty: 3,
    phrasings: [
      'Extract {place} as JSON: {"name": ..., "address": ..., "phone": ...}.',
      'Give me the contact data of {place} as a JSON object with the keys "name", "address" and "phone".',
      'Return name, address and phone of {place} in JSON, with the keys "name", "address", "phone".',
    ],
    instances: eachPlace,
    check: ({ place }, { map }) => {
      const { name, address, phone } = findPlace(map, place);
      return [answerJson({ name, address, phone }), expectNoChange()];
    },
    *oracle({ place }, first) {
      const page = yield* openPlace(first, place);
      yield exit(JSON.stringify({ name: place, address: fact(page, "Address"), phone: fact(page, "Phone") }));
    },
    wrongAnswer: ({ place }, world) => {
      const { address, phone } = another(world, place);
      return JSON.stringify({ name: place, address, phone });
    },
  }),
  defineTemplate<{ scope: string; by: "category" | "town" }>({
    id: "map.top-reviewed-json",
    sites: ["map"],
    category: "extraction",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Give me the names of the three most reviewed {what} as a JSON array, most reviewed first.",
      "Which three {what} have the most reviews? Answer with a JSON array of their names in that order.",
      "List the top three {what} by number of reviews as a JSON array of strings.",
    ],
    words: ({ scope, by }) => ({ what: by === "town" ? `places in ${scope}` : plural(scope) }),
    instances: (world) =>
      [
        ...CATEGORIES.map((category) => ({ scope: category, by: "category" as const })),
        ...TOWNS.map((town) => ({ scope: town.name, by: "town" as const })),
      ].filter((params) => {
        const counts = listTopReviewed(world, params)
          .slice(0, 4)
          .map((place) => place.ratings.count);
        return counts.length > 3 && new Set(counts).size === 4;
      }),
    check: (params, world) => [
      answerJson(names(listTopReviewed(world, params).slice(0, 3)) as JsonValue),
      expectNoChange(),
    ],
    *oracle({ scope, by }, first) {
      const results =
        by === "category"
          ? yield* listPlaces(first, scope, { sort: "Most reviewed" })
          : yield* townByReviews(first, scope);
      yield exit(
        JSON.stringify(
          rows(results, "Place")
            .slice(0, 3)
            .map((row) => row[0]),
        ),
      );
    },
    wrongAnswer: (params, world) => JSON.stringify(names(listTopReviewed(world, params).slice(1, 4))),
  }),
  defineTemplate<{ place: string; author: string }>({
    id: "map.review-stars",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "How many stars did {author} give {place}?",
      "Find {author}'s review of {place}. How many stars is it? Answer with a number.",
      "What rating, in stars, is on the review of {place} by {author}?",
    ],
    instances: ({ map }) => {
      const rng = createRng("map.review-stars");
      return map.places
        .filter((place) => place.reviews.length > 0)
        .map((place) => ({ place: place.name, author: rng.pick(place.reviews).author }));
    },
    check: ({ place, author }, { map }) => [
      answerIs(String(starsOf(findPlace(map, place), author))),
      expectNoChange(),
    ],
    *oracle({ place, author }, first) {
      const page = yield* openPlace(first, place);
      const reviews = yield click(page, "link", "Reviews");
      yield exit(new RegExp(`${author}\\W+(\\d) of 5 stars`).exec(reviews.text)![1]);
    },
    wrongAnswer: ({ place, author }, { map }) => String((starsOf(findPlace(map, place), author) % 5) + 1),
  }),
  defineTemplate<{ town: string }>({
    id: "map.town-population",
    sites: ["map"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "How many people live in {town}?",
      "What is the population of {town}?",
      "Tell me how many inhabitants {town} has, according to the map.",
    ],
    instances: () => TOWNS.map((town) => ({ town: town.name })),
    check: ({ town }) => [answerIs(String(TOWNS.find((t) => t.name === town)!.population)), expectNoChange()],
    *oracle({ town }, first) {
      const towns = yield click(first, "link", "Towns");
      yield exit(fact(yield click(towns, "link", town), "Population"));
    },
    wrongAnswer: ({ town }) => String(TOWNS.find((t) => t.name !== town)!.population),
  }),
];

const names = (places: Place[]) => places.map((place) => place.name);
const listTopReviewed = (world: WorldState, { scope, by }: { scope: string; by: "category" | "town" }) =>
  searchPlaces(world.map, {
    text: "",
    sort: "Most reviewed",
    ...(by === "category" ? { category: scope } : { town: slugOf(scope) }),
  });
const starsOf = (place: Place, author: string) =>
  place.reviews.find((review) => review.author === author)!.stars;

function* townByReviews(first: Parameters<typeof openPlace>[0], town: string): ReturnType<typeof openPlace> {
  const towns = yield click(first, "link", "Towns");
  const page = yield click(towns, "link", town);
  let results = yield click(page, "link", "All places");
  results = yield { kind: "select", element: "combobox Sort by", text: "Most reviewed" };
  return yield click(results, "button", "Apply");
}
