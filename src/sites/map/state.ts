/**
 * @file The data of the map. Towns and roads never change, so they are not part of it: see `gazetteer.ts`, `roads.ts`.
 */

import { createRng } from "../../core/rng.ts";
import type { Rng } from "../../core/rng.ts";
import type { AccountSession } from "../session.ts";
import { KINDS, REVIEWERS, REVIEWS, TOWNS } from "./gazetteer.ts";
import type { HoursKind, Town } from "./gazetteer.ts";
import { streetSpots } from "./roads.ts";
import type { Spot } from "./roads.ts";

/** Opening and closing time, `null` where it stays closed. */
export type Open = [opens: string, closes: string] | null;

export interface Review {
  author: string;
  /** 1 to 5. */
  stars: number;
  text: string;
  /** ISO date. */
  date: string;
}

export interface Place {
  slug: string;
  name: string;
  category: string;
  /** Slug of its town. */
  town: string;
  address: string;
  phone: string;
  /** `null`: always open. */
  hours: { weekdays: Open; saturday: Open; sunday: Open } | null;
  features: string[];
  /** All ratings, those without a text included. */
  ratings: { sum: number; count: number };
  reviews: Review[];
  /** Where it stands on the road graph, and in kilometres. */
  spot: Spot;
  x: number;
  y: number;
}

export interface SavedList {
  id: number;
  name: string;
  owner: string;
  /** Slugs of places, in the order of saving. */
  places: string[];
}

export interface Suggestion {
  id: number;
  place: string;
  author: string;
  field: "Name" | "Phone" | "Address" | "Opening hours" | "Permanently closed";
  value: string;
  at: string;
}

export interface MapState {
  places: Place[];
  users: { name: string; fullName: string; password: string }[];
  lists: SavedList[];
  suggestions: Suggestion[];
  nextList: number;
  nextSuggestion: number;
  sessions: Record<string, AccountSession>;
}

export function createMapState(): MapState {
  const places = createPlaces();
  const makeList = (id: number, name: string, owner: string, names: string[]): SavedList => ({
    id,
    name,
    owner,
    places: names.map((n) => places.find((place) => place.name === n)!.slug),
  });
  return {
    places,
    users: [
      { name: "mara", fullName: "Mara Ellison", password: "lighthouse7" },
      { name: "jonas", fullName: "Jonas Feld", password: "windmill3" },
    ],
    lists: [
      makeList(1, "Favourites", "mara", [
        "Copper Kettle Cafe",
        "Maritime Museum",
        "Golden Pheasant Restaurant",
      ]),
      makeList(2, "Weekend trip", "mara", ["Forest Lodge Hotel", "Fern Crag Viewpoint", "Three Spoons Cafe"]),
      makeList(3, "Client lunches", "mara", [
        "Lemon Tree Restaurant",
        "The Walnut Room Restaurant",
        "Bistro Martel Restaurant",
      ]),
      makeList(4, "With the children", "mara", ["Toy Museum", "Victoria Park"]),
      makeList(5, "Jonas at work", "jonas", ["Inverlode Station", "Old Signal Box Cafe"]),
    ],
    suggestions: [],
    nextList: 6,
    nextSuggestion: 1,
    sessions: {},
  };
}

function createPlaces(): Place[] {
  const rng = createRng("map places");
  const spots = new Map(
    TOWNS.map((town) => [town.slug, rng.fork(town.slug).shuffle(streetSpots(town.slug))]),
  );
  const places: Place[] = [];
  KINDS.forEach((kind, k) => {
    const names = kind.names.flatMap((name): { name: string; town: Town | null }[] =>
      name.includes("{town}")
        ? TOWNS.map((town) => ({ name: name.replace("{town}", town.name), town }))
        : [{ name, town: null }],
    );
    names.forEach(({ name, town: fixed }, i) => {
      const town = fixed ?? TOWNS[(i * 5 + k * 7) % TOWNS.length]!;
      const spot = spots.get(town.slug)!.pop()!;
      places.push(createPlace(rng.fork(name), name, kind, town, spot));
    });
  });
  return places;
}

function createPlace(
  rng: Rng,
  name: string,
  kind: (typeof KINDS)[number],
  town: Town,
  at: Spot & { street: string; x: number; y: number },
): Place {
  const { street, x, y, ...spot } = at;
  const texts = rng.shuffle([...(REVIEWS[kind.category] ?? []), ...REVIEWS["any"]!]);
  const authors = rng.shuffle(REVIEWERS);
  const reviews = texts.slice(0, rng.int(5)).map((text, i): Review => ({
    author: authors[i]!,
    stars: 2 + rng.int(4),
    text,
    date: `2026-0${1 + rng.int(2)}-${String(1 + rng.int(28)).padStart(2, "0")}`,
  }));
  const count = 12 + rng.int(190) + reviews.length;
  return {
    slug: name.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
    name,
    category: kind.category,
    town: town.slug,
    address: `${1 + rng.int(88)} ${street}, ${town.name}`,
    phone: `0${310 + TOWNS.indexOf(town)} ${100 + rng.int(900)} ${1000 + rng.int(9000)}`,
    hours: hoursOf(kind.hours, rng),
    features: rng.shuffle(kind.features).slice(0, 2),
    ratings: { sum: Math.round(count * (3 + rng.next() * 1.9)), count },
    reviews: reviews.sort((a, b) => b.date.localeCompare(a.date)),
    spot,
    x,
    y,
  };
}

function hoursOf(kind: HoursKind, rng: Rng): Place["hours"] {
  const half = (from: number, steps: number) => {
    const minutes = from * 60 + 30 * rng.int(steps);
    return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${minutes % 60 === 0 ? "00" : "30"}`;
  };
  switch (kind) {
    case "always":
      return null;
    case "day":
      return {
        weekdays: [half(7, 4), half(16, 5)],
        saturday: [half(8, 4), half(15, 5)],
        sunday: rng.next() < 0.5 ? null : [half(9, 3), half(14, 4)],
      };
    case "evening":
      return {
        weekdays: [half(17, 3), half(21, 4)],
        saturday: [half(12, 4), half(22, 3)],
        sunday: rng.next() < 0.4 ? null : [half(12, 3), half(20, 4)],
      };
    case "shop":
      return { weekdays: [half(8, 3), half(18, 4)], saturday: [half(8, 4), half(13, 6)], sunday: null };
    case "public":
      return {
        weekdays: [half(9, 4), half(17, 3)],
        saturday: [half(10, 3), half(14, 5)],
        sunday: rng.next() < 0.6 ? null : [half(11, 3), half(15, 3)],
      };
  }
}
