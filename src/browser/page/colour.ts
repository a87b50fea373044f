/** @file Names of colours, for swatches: they have no other name. */

/** Where a hue ends, in degrees of the colour circle. */
const HUES = [
  [15, "red"],
  [45, "orange"],
  [70, "yellow"],
  [165, "green"],
  [200, "cyan"],
  [260, "blue"],
  [290, "purple"],
  [335, "magenta"],
  [360, "red"],
] as const;

export function colourName(red: number, green: number, blue: number): string {
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  const lightness = (2 * most - span) / 510;
  if (lightness < 0.1) return "black";
  if (lightness > 0.95) return "white";
  if (span < 25) return lightness > 0.75 ? "light gray" : lightness < 0.3 ? "dark gray" : "gray";
  const turn =
    most === red
      ? (green - blue) / span
      : most === green
        ? 2 + (blue - red) / span
        : 4 + (red - green) / span;
  const hue = (turn * 60 + 360) % 360;
  const name = HUES.find(([end]) => hue < end)![1];
  if (name === "yellow" && lightness < 0.35) return "olive";
  if (name === "green" && span > 200) return "lime";
  if (name === "magenta" && lightness < 0.4) return "purple";
  if (/red|magenta/.test(name) && lightness > 0.65) return "pink";
  if (lightness > 0.78) return `light ${name}`;
  if (lightness < 0.22) return `dark ${name}`;
  return name === "orange" && lightness < 0.35 ? "brown" : name;
}
