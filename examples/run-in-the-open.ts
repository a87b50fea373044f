/**
 * @file Starts `training-in-the-open.ts` with the settings of `webrl train`, on real parts:
 *
 *     npx tsx examples/run-in-the-open.ts phases=1 tasks.initial=16 tasks.perPhase=16 evaluation.tasks=20
 */

import { mkdtemp } from "node:fs/promises";
import { loadConfig, openParts, resolveModels } from "webrl";
import { trainInTheOpen } from "./training-in-the-open.ts";

const config = await resolveModels(await loadConfig({ set: process.argv.slice(2) }));
await using parts = await openParts(config);
const { engine, site, catalog, judge, proposer } = parts;
if (!judge) throw new Error("this example needs a judge: leave models.judge=verifier out");
if (config.method !== "webrl" || config.without.length > 0 || config.actor.objective === "paper")
  throw new Error(
    "this example is WebRL with its published objective: leave method, without and actor.objective out",
  );
const directory = await mkdtemp("in-the-open-");
const logged = await trainInTheOpen(
  { engine, site, tasks: (filter) => catalog.tasks(filter), judge, proposer, directory },
  config,
);
for (const { phase, step, name, value } of logged)
  console.log(`phase ${phase}${step === undefined ? "" : ` step ${step}`}: ${name} = ${value.toFixed(4)}`);
console.log(`The models are in ${directory}.`);
