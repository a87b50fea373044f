/** @file The road graph of the region and shortest paths on it (Dijkstra). Fixed, computed once. */

import { createRng } from "../../core/rng.ts";
import { ROADS, TOWNS } from "./gazetteer.ts";
import type { RoadKind } from "./gazetteer.ts";

export interface RoadNode {
  x: number;
  y: number;
  town: string;
}

export interface RoadEdge {
  a: number;
  b: number;
  name: string;
  kind: RoadKind;
  km: number;
}

/** A point on an edge, `t` of the way from its node `a` to its node `b`. */
export interface Spot {
  edge: number;
  t: number;
}

export type Mode = "walk" | "bike" | "drive";
export const MODES: readonly Mode[] = ["walk", "bike", "drive"];

/** Kilometres per hour; absent where the mode is not allowed. */
const SPEED: Record<Mode, Partial<Record<RoadKind, number>>> = {
  walk: { street: 4.8, road: 4.8, path: 4.5 },
  bike: { street: 15, road: 18, path: 16 },
  drive: { street: 28, road: 65, motorway: 105 },
};

export interface RouteStep {
  /** `Head along`, `Turn left onto`, … */
  instruction: string;
  km: number;
}

export interface Route {
  km: number;
  minutes: number;
  steps: RouteStep[];
  /** For drawing. */
  line: { x: number; y: number }[];
}

const GRID = 3;

function build(): { nodes: RoadNode[]; edges: RoadEdge[] } {
  const nodes: RoadNode[] = [];
  const edges: RoadEdge[] = [];
  const first = new Map<string, number>();
  const length = (a: number, b: number) => Math.hypot(nodes[a]!.x - nodes[b]!.x, nodes[a]!.y - nodes[b]!.y);
  const street = (a: number, b: number, name: string) =>
    edges.push({ a, b, name, kind: "street", km: length(a, b) });
  for (const town of TOWNS) {
    const rng = createRng(`roads of ${town.slug}`);
    const base = nodes.length;
    first.set(town.slug, base);
    // Larger towns have longer blocks.
    const block = 0.22 + 0.1 * Math.sqrt(town.population / 10_000);
    for (let row = 0; row < GRID; row++)
      for (let column = 0; column < GRID; column++)
        nodes.push({
          x: town.x + (column - 1) * block * (0.9 + 0.2 * rng.next()),
          y: town.y + (row - 1) * block * (0.9 + 0.2 * rng.next()),
          town: town.slug,
        });
    for (let row = 0; row < GRID; row++)
      for (let column = 0; column < GRID; column++) {
        const at = base + row * GRID + column;
        if (column + 1 < GRID) street(at, at + 1, town.streets[row]!);
        if (row + 1 < GRID) street(at, at + GRID, town.streets[GRID + column]!);
      }
  }
  for (const { from, to, name, kind, bend } of ROADS) {
    // From the corner or side of a town that looks towards the other one.
    const edgeOf = (of: string, towards: string) => {
      const base = first.get(of)!;
      const goal = TOWNS.find((town) => town.slug === towards)!;
      const all = Array.from({ length: GRID * GRID }, (_, i) => base + i);
      const far = (n: number) => Math.hypot(nodes[n]!.x - goal.x, nodes[n]!.y - goal.y);
      return all.sort((a, b) => far(a) - far(b))[0]!;
    };
    const [a, b] = [edgeOf(from, to), edgeOf(to, from)];
    edges.push({ a, b, name, kind, km: length(a, b) * bend });
  }
  return { nodes, edges };
}

export const { nodes: NODES, edges: EDGES } = build();

const neighbours: { edge: number; to: number }[][] = NODES.map(() => []);
EDGES.forEach(({ a, b }, edge) => {
  neighbours[a]!.push({ edge, to: b });
  neighbours[b]!.push({ edge, to: a });
});

export function pointOf({ edge, t }: Spot): { x: number; y: number } {
  const { a, b } = EDGES[edge]!;
  const [from, to] = [NODES[a]!, NODES[b]!];
  return { x: from.x + t * (to.x - from.x), y: from.y + t * (to.y - from.y) };
}

/** Free places to build on along a town's streets. */
export function streetSpots(town: string): (Spot & { street: string; x: number; y: number })[] {
  return EDGES.flatMap((edge, index) =>
    edge.kind === "street" && NODES[edge.a]!.town === town
      ? [0.18, 0.34, 0.5, 0.66, 0.82].map((t) => ({
          edge: index,
          t,
          street: edge.name,
          ...pointOf({ edge: index, t }),
        }))
      : [],
  );
}

interface Arrival {
  hours: number;
  /** Edge and node by which it was reached; `null` at the start. */
  via: { edge: number; from: number } | null;
}

const speedOf = (mode: Mode, edge: number) => SPEED[mode][EDGES[edge]!.kind];

/** Shortest travelling time from a spot to every node. */
function reach(start: Spot, mode: Mode): (Arrival | undefined)[] {
  const best: (Arrival | undefined)[] = [];
  const done = new Set<number>();
  const { a, b, km } = EDGES[start.edge]!;
  const speed = speedOf(mode, start.edge) ?? SPEED[mode].street!;
  best[a] = { hours: (start.t * km) / speed, via: null };
  best[b] = { hours: ((1 - start.t) * km) / speed, via: null };
  for (;;) {
    let next = -1;
    // A hundred nodes: looking through all of them is fast enough.
    best.forEach((arrival, node) => {
      if (arrival && !done.has(node) && (next < 0 || arrival.hours < best[next]!.hours)) next = node;
    });
    if (next < 0) return best;
    done.add(next);
    for (const { edge, to } of neighbours[next]!) {
      const along = speedOf(mode, edge);
      if (along === undefined) continue;
      const hours = best[next]!.hours + EDGES[edge]!.km / along;
      if (!best[to] || hours < best[to].hours) best[to] = { hours, via: { edge, from: next } };
    }
  }
}

/** The fastest route. Spots lie on streets, which every mode may use, and the graph is connected for each mode. */
export function route(start: Spot, goal: Spot, mode: Mode, goalName = "your destination"): Route {
  const line: Route["line"] = [];
  const legs: { name: string; km: number; from: { x: number; y: number }; to: { x: number; y: number } }[] =
    [];
  const [from, to] = [pointOf(start), pointOf(goal)];
  const goalEdge = EDGES[goal.edge]!;
  let hours: number;
  if (start.edge === goal.edge) {
    const km = Math.abs(start.t - goal.t) * goalEdge.km;
    hours = km / speedOf(mode, goal.edge)!;
    legs.push({ name: goalEdge.name, km, from, to });
  } else {
    const best = reach(start, mode);
    const last = (node: number, share: number) =>
      best[node]!.hours + (share * goalEdge.km) / speedOf(mode, goal.edge)!;
    const [viaA, viaB] = [last(goalEdge.a, goal.t), last(goalEdge.b, 1 - goal.t)];
    hours = Math.min(viaA, viaB);
    let node = viaA <= viaB ? goalEdge.a : goalEdge.b;
    const nodes = [node];
    const edges: number[] = [];
    for (let via = best[node]!.via; via; via = best[node]!.via) {
      edges.unshift(via.edge);
      nodes.unshift((node = via.from));
    }
    const startEdge = EDGES[start.edge]!;
    const share = nodes[0] === startEdge.a ? start.t : 1 - start.t;
    legs.push({ name: startEdge.name, km: share * startEdge.km, from, to: NODES[nodes[0]!]! });
    edges.forEach((edge, i) =>
      legs.push({
        name: EDGES[edge]!.name,
        km: EDGES[edge]!.km,
        from: NODES[nodes[i]!]!,
        to: NODES[nodes[i + 1]!]!,
      }),
    );
    const rest = nodes.at(-1) === goalEdge.a ? goal.t : 1 - goal.t;
    legs.push({ name: goalEdge.name, km: rest * goalEdge.km, from: NODES[nodes.at(-1)!]!, to });
  }
  line.push(from, ...legs.map((leg) => ({ x: leg.to.x, y: leg.to.y })));
  const km = legs.reduce((sum, leg) => sum + leg.km, 0);
  return { km, minutes: Math.max(1, Math.round(hours * 60)), steps: describe(legs, goalName), line };
}

function describe(
  legs: { name: string; km: number; from: { x: number; y: number }; to: { x: number; y: number } }[],
  goalName: string,
): RouteStep[] {
  const steps: RouteStep[] = [];
  legs.forEach((leg, i) => {
    const before = legs[i - 1];
    if (before?.name === leg.name) {
      steps.at(-1)!.km += leg.km;
      return;
    }
    steps.push({
      instruction: before ? `${turn(before, leg)} onto ${leg.name}` : `Head along ${leg.name}`,
      km: leg.km,
    });
  });
  return [...steps, { instruction: `Arrive at ${goalName}`, km: 0 }];
}

function turn(
  before: { from: { x: number; y: number }; to: { x: number; y: number } },
  after: typeof before,
): string {
  const [ax, ay] = [before.to.x - before.from.x, before.to.y - before.from.y];
  const [bx, by] = [after.to.x - after.from.x, after.to.y - after.from.y];
  const angle = Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  if (Math.abs(angle) < Math.PI / 7) return "Continue straight";
  return angle > 0 ? "Turn left" : "Turn right";
}

/** Shortest way on foot from one spot to each of the others, kilometres. */
export function walkingKm(start: Spot, goals: readonly Spot[]): number[] {
  const best = reach(start, "walk");
  const kmTo = (node: number): number => {
    const { via } = best[node]!;
    if (via) return EDGES[via.edge]!.km + kmTo(via.from);
    const { a, km } = EDGES[start.edge]!;
    return (node === a ? start.t : 1 - start.t) * km;
  };
  return goals.map((goal) => {
    const { a, b, km } = EDGES[goal.edge]!;
    if (goal.edge === start.edge) return Math.abs(goal.t - start.t) * km;
    return Math.min(kmTo(a) + goal.t * km, kmTo(b) + (1 - goal.t) * km);
  });
}
