/** @file A small catalog of a shop and a forum, for tests of the curriculum. */

import { createRng, hash32 } from "../../core/rng.ts";
import type { Split, Task } from "../../core/task.ts";
import { heldOutInstructions } from "../catalog.ts";
import type { CatalogParams, CatalogTemplate, TaskCatalog } from "../catalog.ts";

const COLOURS = ["red", "green", "blue", "black"];
export const THINGS = ["lamp", "chair", "table", "desk", "shelf"];

/** Two shop templates, one of the forum, one that belongs to the test split as a whole. */
const TEMPLATES: (CatalogTemplate & { phrasings: string[] })[] = [
  {
    id: "shop.buy",
    sites: ["storefront"],
    category: "shopping",
    phrasings: [
      "Buy the {colour} {thing}.",
      "Order a {colour} {thing}",
      "Get {thing} in {colour}",
      "TEST buy {colour} {thing}",
    ],
  },
  {
    id: "shop.price",
    sites: ["storefront"],
    category: "information retrieval",
    phrasings: [
      "What does the {colour} {thing} cost?",
      "Price of {thing}, {colour}",
      "TEST price {colour} {thing}",
    ],
  },
  {
    id: "forum.post",
    sites: ["forum"],
    category: "collaboration",
    phrasings: ["Write about {thing} {colour}", "Post on {colour} {thing}", "TEST post {colour} {thing}"],
  },
  {
    id: "shop.secret",
    sites: ["storefront"],
    category: "shopping",
    testOnly: true,
    phrasings: ["Secret {colour} {thing}", "Secrets {colour} {thing}", "TEST secret {colour} {thing}"],
  },
  {
    // The colour is hidden: an instance of the train split may read like one that is held out.
    id: "shop.any",
    sites: ["storefront"],
    category: "navigation",
    phrasings: ["Go to any {thing}", "Open any {thing}", "TEST any {thing}"],
  },
];

const splitOf = (id: string, params: CatalogParams): Split => {
  const at = hash32(`${id}${JSON.stringify(params)}`) % 10;
  return at < 7 ? "train" : at < 8 ? "validation" : "test";
};

const fill = (text: string, params: CatalogParams) =>
  text.replace(/\{(\w+)\}/g, (_, key: string) => params[key] as string);

export const catalog: TaskCatalog = {
  templates: () => TEMPLATES,
  instances: (id, split) => {
    // Forgets that a template is for tests only, as a careless suite may: the proposer must not.
    return COLOURS.flatMap((colour) => THINGS.map((thing): CatalogParams => ({ colour, thing })))
      .map((params) => ({ params, split: splitOf(id, params) }))
      .filter((instance) => split === undefined || instance.split === split);
  },
  instantiate: (id, params, phrasing, lineage) => {
    const template = TEMPLATES.find((t) => t.id === id)!;
    return {
      id: `${id}/${JSON.stringify(params)}.${phrasing}${lineage ? `@${lineage.phase}` : ""}`,
      sites: [...template.sites],
      instruction: fill(template.phrasings[phrasing]!, params),
      startUrl: "http://shop.test/",
      templateId: id,
      params,
      category: template.category as Task["category"],
      difficulty: 3,
      split: lineage ? "train" : splitOf(id, params),
      ...(lineage ? { lineage } : {}),
    };
  },
  tasks: ({ split }) =>
    TEMPLATES.flatMap((t) =>
      catalog.instances(t.id, split).map(({ params }) => {
        const phrasing = split === "test" ? t.phrasings.length - 1 : 0;
        return { ...catalog.instantiate(t.id, params, phrasing), split };
      }),
    ),
};

export const train = catalog.tasks({ split: "train" }).filter((task) => task.templateId !== "shop.secret");
export const failed = createRng("failed").shuffle(train).slice(0, 6);
export const heldOut = heldOutInstructions(catalog);
