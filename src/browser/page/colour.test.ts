import { expect, it } from "vitest";
import { colourName } from "./colour.ts";

it.each([
  ["ff0000", "red"],
  ["ffa500", "orange"],
  ["ffff00", "yellow"],
  ["008000", "green"],
  ["808000", "olive"],
  ["00ff00", "lime"],
  ["00ffff", "cyan"],
  ["0066cc", "blue"],
  ["800080", "purple"],
  ["9933ff", "purple"],
  ["ff00ff", "magenta"],
  ["ffc0cb", "pink"],
  ["a52a2a", "red"],
  ["8b4513", "brown"],
  ["add8e6", "light cyan"],
  ["000080", "blue"],
  ["000000", "black"],
  ["ffffff", "white"],
  ["808080", "gray"],
])("#%s is called %s", (hex, name) => {
  const [red, green, blue] = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  expect(colourName(red!, green!, blue!)).toBe(name);
});
