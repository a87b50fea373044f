/** @file Drawings of the map as SVG images: decoration for people, not text of the page. */

import { TOWNS } from "./gazetteer.ts";
import type { RoadKind } from "./gazetteer.ts";
import { EDGES, NODES, pointOf } from "./roads.ts";

interface View {
  /** Kilometres: west, south, width; the height follows from the picture's. */
  west: number;
  south: number;
  kmWide: number;
  width: number;
  height: number;
}

const COLOUR: Record<RoadKind, [stroke: string, width: number]> = {
  street: ["#ffffff", 9],
  road: ["#f4d58a", 6],
  motorway: ["#e8916b", 7],
  path: ["#9cbf8a", 3],
};

interface Picture {
  width?: number;
  height?: number;
  marker?: { x: number; y: number };
  line?: readonly { x: number; y: number }[];
}

/** The whole region with its towns. */
export function drawRegion(): string {
  const view = { west: -2, south: -2, kmWide: 64, width: 560, height: 380 };
  const at = projector(view);
  const towns = TOWNS.map((town) => {
    const [x, y] = at(town);
    const size = 3 + Math.sqrt(town.population) / 45;
    return `<circle cx="${x}" cy="${y}" r="${size.toFixed(1)}" fill="#fff" stroke="#3f6f5f" stroke-width="2"/><text x="${x}" y="${y + size + 13}" text-anchor="middle">${town.name}</text>`;
  });
  return svg(view, [...water(at, view), ...roads(at, false), ...towns]);
}

/** Around a point, or all of a route. */
export function drawAround(points: readonly { x: number; y: number }[], picture: Picture = {}): string {
  const { width = 420, height = 300 } = picture;
  const xs = points.map((p) => p.x);
  const ys = points.map((p) => p.y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
  const kmWide = Math.max(1.6, (right - left) * 1.25, ((top - bottom) * 1.25 * width) / height);
  const view = {
    west: (left + right - kmWide) / 2,
    south: (bottom + top - (kmWide * height) / width) / 2,
    kmWide,
    width,
    height,
  };
  const at = projector(view);
  return svg(view, [...water(at, view), ...roads(at, kmWide < 8), ...overlay(at, picture)]);
}

type Projector = (point: { x: number; y: number }) => [number, number];

function projector({ west, south, kmWide, width, height }: View): Projector {
  const scale = width / kmWide;
  return ({ x, y }) => [
    Math.round((x - west) * scale * 10) / 10,
    Math.round((height - (y - south) * scale) * 10) / 10,
  ];
}

/** The sea in the west, Lake Dun in the north. */
function water(at: Projector, view: View): string[] {
  const coast = [
    [-9, -9],
    [9, -9],
    [8.5, 2],
    [6, 9],
    [3.4, 15],
    [3.2, 19],
    [5.5, 25],
    [6.2, 30],
    [5, 34],
    [8, 50],
    [-9, 50],
  ];
  const [x, y] = at({ x: 27.5, y: 34.2 });
  const scale = view.width / view.kmWide;
  return [
    `<polygon points="${coast.map(([east, north]) => at({ x: east!, y: north! }).join()).join(" ")}" fill="#b9d9ea"/>`,
    `<ellipse cx="${x}" cy="${y}" rx="${(4.2 * scale).toFixed(1)}" ry="${(2 * scale).toFixed(1)}" fill="#b9d9ea"/>`,
  ];
}

function roads(at: Projector, names: boolean): string[] {
  const lines = EDGES.map(({ a, b, kind }) => {
    const [[ax, ay], [bx, by]] = [at(NODES[a]!), at(NODES[b]!)];
    const [stroke, width] = COLOUR[kind];
    const dashed = kind === "path" ? ' stroke-dasharray="7 5"' : "";
    const thin = names ? width : Math.max(1.5, width / 2.4);
    return `<line x1="${ax}" y1="${ay}" x2="${bx}" y2="${by}" stroke="${stroke}" stroke-width="${thin}" stroke-linecap="round"${dashed}/>`;
  });
  if (!names) return lines;
  const seen = new Set<string>();
  const texts = EDGES.flatMap((edge, index) => {
    if (edge.kind !== "street" || seen.has(edge.name)) return [];
    seen.add(edge.name);
    const [x, y] = at(pointOf({ edge: index, t: 0.5 }));
    return [`<text x="${x}" y="${y - 7}" text-anchor="middle" class="street">${edge.name}</text>`];
  });
  return [...lines, ...texts];
}

function overlay(at: Projector, { line, marker }: Picture): string[] {
  const out: string[] = [];
  if (line) {
    const points = line.map((point) => at(point).join()).join(" ");
    out.push(
      `<polyline points="${points}" fill="none" stroke="#2467d6" stroke-width="4" stroke-linejoin="round" stroke-linecap="round"/>`,
    );
    const [[sx, sy], [gx, gy]] = [at(line[0]!), at(line.at(-1)!)];
    out.push(
      `<circle cx="${sx}" cy="${sy}" r="6" fill="#fff" stroke="#2467d6" stroke-width="3"/>`,
      pin(gx, gy),
    );
  }
  if (marker) out.push(pin(...at(marker)));
  return out;
}

const pin = (x: number, y: number) =>
  `<path d="M${x} ${y}c-3-9-9-11-9-18a9 9 0 0 1 18 0c0 7-6 9-9 18z" fill="#d03a2b" stroke="#fff" stroke-width="1.5"/>`;

function svg({ width, height }: View, parts: string[]): string {
  const style =
    "text{font:600 12px system-ui,sans-serif;fill:#2f4a41}.street{font-weight:400;font-size:11px;fill:#6b716c}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"><style>${style}</style><rect width="100%" height="100%" fill="#e7ecdf"/>${parts.join("")}</svg>`;
}

/** For an `img`: no further request, nothing in the document but the image. */
export function dataUrl(image: string): string {
  return `data:image/svg+xml,${encodeURIComponent(image)}`;
}
