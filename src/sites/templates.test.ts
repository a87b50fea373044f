/** @file The tasks of all built-in sites without a browser; `webrl suite check` runs their oracles. */

import { describe, expect, test } from "vitest";
import { templates as forge } from "./forge/templates.ts";
import { templates as forum } from "./forum/templates.ts";
import { templates as map } from "./map/templates.ts";
import { templates as storeAdmin } from "./store-admin/templates.ts";
import { templates as storefront } from "./storefront/templates.ts";
import type { TaskTemplate } from "./template.ts";
import type { WorldState } from "./world-state.ts";
import { pristineState } from "./world.ts";

const SITES = { storefront, "store-admin": storeAdmin, forum, forge, map };

/** Without the data of sites that the template does not touch, which would be copied and compared for nothing. */
function worldOf(template: TaskTemplate): WorldState {
  const { now, store, forum, forge, map } = pristineState();
  const parts = {
    storefront: { store },
    "store-admin": { store },
    forum: { forum },
    forge: { forge },
    map: { map },
  };
  return Object.assign({ now }, ...template.sites.map((site) => parts[site])) as WorldState;
}

test("no two templates share an id", () => {
  const ids = Object.values(SITES)
    .flat()
    .map((t) => t.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

describe.each(Object.entries(SITES))("the templates of %s", (site, templates) => {
  test("are the site's own, and about a quarter is kept for the test split", () => {
    expect(templates.filter((t) => !t.id.startsWith(`${site}.`)).map((t) => t.id)).toEqual([]);
    const share = templates.filter((t) => t.testOnly).length / templates.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
  });

  test.each(templates.map((t) => [t.id, t] as const))("%s is well made", (_, template) => {
    const pristine = worldOf(template);
    const instances = template.instances(pristine);
    expect(instances.length).toBeGreaterThan(2);
    expect(new Set(instances.map((p) => JSON.stringify(p))).size).toBe(instances.length);
    expect(template.phrasings.length).toBeGreaterThanOrEqual(3);
    expect(new Set(template.phrasings).size).toBe(template.phrasings.length);
    expect(template.difficulty).toBeLessThanOrEqual(12);
    for (const params of instances) {
      const words: Record<string, unknown> = { ...params, ...template.words?.(params) };
      for (const phrasing of [...template.phrasings, ...(template.paraphrases ?? [])]) {
        const places = [...phrasing.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!);
        expect(places.filter((place) => words[place] === undefined)).toEqual([]);
      }
    }
    // A check compares worlds: two instances of each template are enough here.
    const untouched = { state: pristine, initial: pristine, volatile: [] };
    for (const params of [instances[0]!, instances.at(-1)!]) {
      const wrong = template.wrongAnswer?.(params, pristine) ?? "wrong";
      for (const answer of [null, wrong]) {
        const finished = { answer, url: "http://nowhere/", pageText: "", ...untouched };
        const reasons = template.check(params, pristine).flatMap((check) => check(finished));
        expect(reasons).not.toEqual([]);
      }
    }
  });
});
