import { expect, it } from "vitest";
import type { BenchResult } from "../bench/methods.ts";
import { VARIANTS } from "../bench/methods.ts";
import { resultsPlot } from "./results-plot.tsx";

const results = VARIANTS.slice(0, 3).map((variant, i): BenchResult => ({
  variant,
  seeds: i === 0 ? 1 : 3,
  success: 0.2 + 0.1 * i,
  standardError: i === 0 ? null : 0.05,
  bySite: {},
  byNovelty: {},
  learnedFrom: { episodes: 720, replayedSteps: 0, updates: 0 },
  webrlMinus: null,
  curve: [0, 1].map((phase) => ({
    phase,
    success: 0.1 * (1 + i) * (1 + phase),
    standardError: i === 0 ? null : 0.05,
  })),
}));

it("draws a line with errors for each method, in a file that needs no other", () => {
  const svg = resultsPlot(results);
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*><style>/);
  expect(svg.match(/<path class="line" [^>]*d="M[^"]+L/g)?.length).toBe(3);
  // Two methods with more than one seed, two phases each.
  expect(svg.match(/class="error"/g)?.length).toBe(4);
  for (const { variant } of results) expect(svg).toContain(`>${variant.title}</text>`);
  expect(svg).not.toMatch(/NaN|undefined|<script|@import|url\(/);
});
