/** @file A page as the agent met it: its picture with the acted element outlined, or its text. Pure. */

import type { ObservedElement } from "../../core/observation.ts";

export interface ScreenProps {
  /** Source of the picture. */
  src: string;
  width: number;
  height: number;
  /** Height of the viewport in page pixels: boxes are measured in these. */
  viewportHeight: number;
  element?: ObservedElement | undefined;
  alt: string;
}

/** An SVG, because a box drawn in it keeps its place at every size. */
export function Screen({ src, width, height, viewportHeight, element, alt }: ScreenProps) {
  const scale = viewportHeight > 0 && height > 1 ? height / viewportHeight : 1;
  const [left, top, boxWidth, boxHeight] = element?.box ?? [0, 0, 0, 0];
  return (
    <svg class="screen" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={alt}>
      <image href={src} x={0} y={0} width={width} height={height} />
      {element && (
        <rect
          class="outline"
          x={scale * left - 3}
          y={scale * top - 3}
          width={scale * boxWidth + 6}
          height={scale * boxHeight + 6}
          rx={4}
        />
      )}
    </svg>
  );
}
