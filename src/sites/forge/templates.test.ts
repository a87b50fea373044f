/** @file The forge's tasks without a browser; `webrl suite check` runs their oracles. */

import { expect, test } from "vitest";
import { createWorld, pristineState } from "../world.ts";
import { templates } from "./templates.ts";

test("template ids are unique and many are kept for the test split", () => {
  expect(new Set(templates.map((t) => t.id)).size).toBe(templates.length);
  const held = templates.filter((t) => t.testOnly).length / templates.length;
  expect(held).toBeGreaterThan(0.2);
  expect(held).toBeLessThan(0.4);
});

test.each(templates.map((t) => [t.id, t] as const))("%s is well made", (_, template) => {
  const pristine = pristineState();
  const instances = template.instances(pristine);
  expect(instances.length).toBeGreaterThan(2);
  expect(new Set(instances.map((p) => JSON.stringify(p))).size).toBe(instances.length);
  expect(new Set(template.phrasings).size).toBeGreaterThanOrEqual(3);
  const { state, volatile } = createWorld(template.signedOut ? [] : template.sites);
  for (const params of instances) {
    const words = { ...params, ...template.words?.(params) };
    for (const phrasing of template.phrasings) {
      const places = [...phrasing.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!);
      expect(places.filter((place) => words[place] === undefined)).toEqual([]);
    }
  }
  // A check compares whole worlds: two instances of each template are enough here.
  for (const params of [instances[0]!, instances.at(-1)!]) {
    const wrong = template.wrongAnswer?.(params, pristine) ?? "wrong";
    for (const answer of [null, wrong]) {
      const finished = { answer, url: "http://nowhere/", pageText: "", state, initial: pristine, volatile };
      const reasons = template.check(params, pristine).flatMap((check) => check(finished));
      expect(reasons).not.toEqual([]);
    }
  }
});
