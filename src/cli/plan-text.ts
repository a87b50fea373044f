/** @file The output of `webrl train --plan` for people. */

import type { Plan } from "../train/plan.ts";
import { table } from "./command.ts";

export function planText(plan: Plan): string {
  const { episodes, total, gpuHours, bytes, money, chat, optimiserSteps } = plan;
  const rows = Object.entries(plan.work).map(([stage, work]) => [
    stage,
    short(work.requests),
    short(work.readTokens),
    short(work.sampledTokens),
    short(work.trainedTokens),
  ]);
  const sum = [total.requests, total.readTokens, total.sampledTokens, total.trainedTokens];
  return [
    `${plan.phases} phases: ${short(episodes.rollout)} episodes to learn from, ${short(episodes.evaluation)} to be scored, ${short(plan.steps)} steps, ${short(episodes.broken)} more attempts that end in a fault`,
    table(["", "requests", "read", "sampled", "trained on"], [...rows, ["all", ...sum.map(short)]]),
    `Optimiser steps: critic ${short(optimiserSteps.critic)}, actor ${short(optimiserSteps.actor)}`,
    ...(chat
      ? [
          `Chat model: ${short(chat.requests)} requests, ${short(chat.promptTokens)} tokens in, ${short(chat.completionTokens)} out`,
        ]
      : []),
    `Browsers: ${short(plan.browserHours)} context-hours, ${short(plan.rolloutHours)} hours by the clock with rollout.parallel at once`,
    `GPUs: ${short(gpuHours.total)} hours (sampling ${short(gpuHours.sample)}, reading ${short(gpuHours.read)}, training ${short(gpuHours.train)})`,
    `Bytes: ${short(bytes.toModel)}B to the model's server, ${short(bytes.fromSites)}B from the sites, ${short(bytes.disk)}B of trajectories on disk`,
    money
      ? `Money: ${money.total.toFixed(2)} (reading ${money.read.toFixed(2)}, sampling ${money.sample.toFixed(2)}, training ${money.train.toFixed(2)}, GPUs ${money.gpu.toFixed(2)}, browsers ${money.browser.toFixed(2)}, chat model ${money.chat.toFixed(2)})`
      : "Money: no price is set (plan.prices)",
    ...plan.notes.map((note) => `Note: ${note}.`),
    "Nothing was started. The assumptions are the settings under plan (`webrl train --settings`).",
  ].join("\n");
}

/** Three digits and a unit: 4.21 M. */
function short(value: number): string {
  const [unit, size] = (
    [
      ["T", 1e12],
      ["G", 1e9],
      ["M", 1e6],
      ["k", 1e3],
    ] as const
  ).find(([, size]) => value >= size) ?? ["", 1];
  const digits = value / size;
  const text = digits >= 100 || Number.isInteger(digits) ? digits.toFixed(0) : digits.toPrecision(3);
  return unit === "" ? text : `${text} ${unit}`;
}
