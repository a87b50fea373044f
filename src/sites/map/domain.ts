/** @file What can be found and done on the map. Pages, tasks and verifiers call these same functions. */

import { invariant } from "../../core/errors.ts";
import type { WorldState } from "../world-state.ts";
import { KINDS, TOWNS } from "./gazetteer.ts";
import type { Town } from "./gazetteer.ts";
import { route, walkingKm } from "./roads.ts";
import type { Mode, Route } from "./roads.ts";
import type { MapState, Open, Place, SavedList, Suggestion } from "./state.ts";

export const CATEGORIES: readonly string[] = KINDS.map((kind) => kind.category);
export const SORTS = ["Relevance", "Name", "Highest rated", "Most reviewed"] as const;
export type SortName = (typeof SORTS)[number];

export const placeOf = (state: MapState, slug: string): Place | undefined =>
  state.places.find((place) => place.slug === slug);
export const findPlace = (state: MapState, name: string): Place => {
  const place = state.places.find((candidate) => candidate.name === name);
  invariant(place, `the map has no place ${name}`);
  return place;
};
export const townOf = (slug: string): Town => {
  const town = TOWNS.find((candidate) => candidate.slug === slug);
  invariant(town, `there is no town ${slug}`);
  return town;
};
export const listsOf = (state: MapState, user: string): SavedList[] =>
  state.lists.filter((list) => list.owner === user);
export const listOf = (state: MapState, id: number, user: string): SavedList | undefined =>
  state.lists.find((list) => list.id === id && list.owner === user);

export const ratingOf = (place: Place): string => (place.ratings.sum / place.ratings.count).toFixed(1);
export const km = (value: number): string => `${value.toFixed(1)} km`;
export const duration = (minutes: number): string =>
  minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
export const hours = (open: Open): string => (open ? `${open[0]} to ${open[1]}` : "Closed");
/** The region lies at 52° north, 4° west; a degree is 111 km north and 68 km east. */
export const coordinates = ({ x, y }: { x: number; y: number }): string =>
  `${(52 + y / 111).toFixed(4)}, ${(-4 + x / 68).toFixed(4)}`;

export interface Query {
  text: string;
  category?: string;
  /** Slug. */
  town?: string;
  sort?: SortName;
}

/** Places whose name, category or town has every word of the text. */
export function searchPlaces(state: MapState, query: Query): Place[] {
  const wanted = fold(query.text).split(" ").filter(Boolean);
  const whole = wanted.join(" ");
  const rank = (place: Place) => {
    const name = fold(place.name);
    return name === whole
      ? 0
      : name.startsWith(whole)
        ? 1
        : wanted.every((word) => name.includes(word))
          ? 2
          : 3;
  };
  const found = state.places
    .filter((place) => !query.category || place.category === query.category)
    .filter((place) => !query.town || place.town === query.town)
    .filter((place) => {
      const text = fold(`${place.name} ${place.category} ${townOf(place.town).name}`);
      return wanted.every((word) => text.includes(word));
    });
  const byName = (a: Place, b: Place) => a.name.localeCompare(b.name);
  switch (query.sort ?? "Relevance") {
    case "Relevance":
      return found.sort((a, b) => rank(a) - rank(b) || byName(a, b));
    case "Name":
      return found.sort(byName);
    case "Highest rated":
      return found.sort((a, b) => Number(ratingOf(b)) - Number(ratingOf(a)) || byName(a, b));
    case "Most reviewed":
      return found.sort((a, b) => b.ratings.count - a.ratings.count || byName(a, b));
  }
}

const fold = (text: string) =>
  text
    .toLowerCase()
    .replaceAll("'", "")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

/** A place by what a person types: its name, or a text that fits only one. */
export function resolvePlace(state: MapState, text: string): Place | string {
  const wanted = fold(text);
  if (wanted === "") return "Enter a place";
  const exact = state.places.find((place) => fold(place.name) === wanted);
  if (exact) return exact;
  const found = state.places.filter((place) => fold(place.name).includes(wanted));
  if (found.length === 1) return found[0]!;
  return found.length === 0
    ? `There is no place called ${text.trim()}`
    : `${found.length} places match ${text.trim()}: enter the whole name`;
}

export const directions = (from: Place, to: Place, mode: Mode): Route =>
  route(from.spot, to.spot, mode, to.name);

/** Other places within walking distance, nearest first. */
export function nearby(
  state: MapState,
  from: Place,
  options: { category?: string; withinKm: number },
): { place: Place; km: number }[] {
  const others = state.places.filter(
    (place) => place.slug !== from.slug && (!options.category || place.category === options.category),
  );
  const distances = walkingKm(
    from.spot,
    others.map((place) => place.spot),
  );
  return others
    .map((place, i) => ({ place, km: distances[i]! }))
    .filter((near) => near.km <= options.withinKm)
    .sort((a, b) => a.km - b.km || a.place.name.localeCompare(b.place.name));
}

/** By car between the middles of two towns (their stations). */
export function townDistanceKm(state: MapState, from: Town, to: Town): number {
  return directions(findPlace(state, `${from.name} Station`), findPlace(state, `${to.name} Station`), "drive")
    .km;
}

export function createList(world: WorldState, owner: string, name: string): SavedList {
  const list: SavedList = { id: world.map.nextList++, name: name.trim(), owner, places: [] };
  world.map.lists.push(list);
  return list;
}

export function renameList(world: WorldState, id: number, name: string): void {
  need(world.map.lists.find((list) => list.id === id)).name = name.trim();
}

export function deleteList(world: WorldState, id: number): void {
  world.map.lists = world.map.lists.filter((list) => list.id !== id);
}

export function savePlace(world: WorldState, id: number, slug: string): void {
  const list = need(world.map.lists.find((candidate) => candidate.id === id));
  if (!list.places.includes(slug)) list.places.push(slug);
}

export function removePlace(world: WorldState, id: number, slug: string): void {
  const list = need(world.map.lists.find((candidate) => candidate.id === id));
  list.places = list.places.filter((saved) => saved !== slug);
}

export function addReview(
  world: WorldState,
  slug: string,
  review: { author: string; stars: number; text: string },
): void {
  const place = need(placeOf(world.map, slug));
  place.reviews.unshift({ ...review, text: review.text.trim(), date: world.now.slice(0, 10) });
  place.ratings.sum += review.stars;
  place.ratings.count += 1;
}

export const FIELDS: readonly Suggestion["field"][] = [
  "Name",
  "Phone",
  "Address",
  "Opening hours",
  "Permanently closed",
];

export function suggestEdit(
  world: WorldState,
  suggestion: { place: string; author: string; field: Suggestion["field"]; value: string },
): void {
  const { map } = world;
  map.suggestions.push({
    id: map.nextSuggestion++,
    ...suggestion,
    value: suggestion.value.trim(),
    at: world.now,
  });
}

function need<T>(value: T | undefined): T {
  invariant(value !== undefined, "the caller has looked it up");
  return value;
}
