/** @file Pictures of products: a gradient in the category's hue and a drawing of the category. No requests. */

import type { Product } from "../store/state.ts";
import { CATEGORIES } from "../store/data/catalog.ts";

/** Strokes in a box of 48 × 48. */
const DRAWINGS: Record<string, string> = {
  kitchen: "M8 22h24v6a8 8 0 0 1-8 8h-8a8 8 0 0 1-8-8zM32 24h10M14 12v4M20 10v6M26 12v4",
  lighting: "M24 6v6M14 26l6-14h8l6 14zM24 26v12M16 40h16M10 32l-3 3M38 32l3 3",
  furniture:
    "M14 24V14a4 4 0 0 1 4-4h12a4 4 0 0 1 4 4v10M10 22a3 3 0 0 1 3 3v5h22v-5a3 3 0 1 1 3 3v8H10v-8M14 36v4M34 36v4",
  audio: "M10 28v-4a14 14 0 0 1 28 0v4M8 28h6v10H8zM34 28h6v10h-6z",
  office: "M14 8h20v32H14zM20 16h8M20 22h8M10 14h4M10 22h4M10 30h4",
  outdoor: "M24 10 6 38h36zM24 22l-8 16M24 22l8 16M24 6v4",
  garden: "M24 40V22M24 24c-8 0-12-5-12-12 8 0 12 5 12 12zM24 30c6 0 10-4 10-10-6 0-10 4-10 10zM16 40h16",
  travel: "M12 16h24v22H12zM19 16v-5h10v5M18 20v14M30 20v14M16 38v3M32 38v3",
};

export function Picture(props: { category: string; id: number; size: "thumb" | "large" | "tile" }) {
  const category = CATEGORIES.find((c) => c.name === props.category) ?? CATEGORIES[0]!;
  const hue = (category.hue + ((props.id * 17) % 40) - 20 + 360) % 360;
  const turn = (props.id * 53) % 90;
  return (
    <div
      class={`pic ${props.size}`}
      style={`background:linear-gradient(${100 + turn}deg,hsl(${hue} 45% 90%),hsl(${(hue + 24) % 360} 42% 76%));color:hsl(${hue} 45% 28%)`}
      aria-hidden="true"
    >
      <svg
        viewBox="0 0 48 48"
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linejoin="round"
        stroke-linecap="round"
      >
        <path d={DRAWINGS[category.slug]} />
      </svg>
    </div>
  );
}

export function ProductPicture({ product, size }: { product: Product; size: "thumb" | "large" }) {
  return <Picture category={product.category} id={product.id} size={size} />;
}
