/** @file Decides who approves a change to an item: a rule about the difference, a person who sees it, or `all`. */

import { ConfigError } from "../../core/errors.ts";
import { parseNumber } from "../../core/parse-number.ts";
import { describeChange } from "./compare.ts";
import type { JobDefinition, State } from "./definition.ts";

/** The change that is about to be made to an item. */
export interface ItemChange {
  key: string;
  before: State;
  wanted: State;
  /** Names of the values that differ. */
  changes: readonly string[];
  /** `price 12.90 -> 11.50`. */
  words: string;
}

/** A person's decision on one item of a batch. */
export interface ItemApproval {
  approved: boolean;
  /** Who decided. */
  by: string;
  note?: string | undefined;
}

/** Asks about one item. */
export type AskItem = (change: ItemChange, signal?: AbortSignal) => Promise<ItemApproval>;

interface Rule {
  text: string;
  name: string;
  most: number;
  relative: boolean;
}

/**
 * Parses rules of approval: `all`, or rules which must all hold (`price<=10%`, `stock<=50`). Throws a `ConfigError`
 * when one cannot be parsed, or names a value that the job does not read.
 */
export function parseRules(texts: readonly string[], job: JobDefinition): "all" | Rule[] {
  if (texts.includes("all")) {
    if (texts.length === 1) return "all";
    throw new ConfigError(
      `"all" and ${JSON.stringify(texts.find((text) => text !== "all"))} contradict each other`,
      "Give one of them.",
    );
  }
  return texts.map((text) => {
    const found = /^\s*([^<>=]+?)\s*<=\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(text);
    if (!found)
      throw new ConfigError(
        `${JSON.stringify(text)} is not a rule of approval`,
        'Write "all", or how far a value may change: by at most 10% ("price<=10%"), or by at most 50 ("stock<=50").',
      );
    const [, name, most, percent] = found;
    const value = job.effect.values[name!];
    if (value?.as !== "number")
      throw new ConfigError(
        `the rule ${JSON.stringify(text)} is about ${name!}, and the job ${value ? "does not read that as a number" : "does not read that"}`,
        `It reads ${Object.entries(job.effect.values)
          .map(([one, { as }]) => `${one} (${as})`)
          .join(", ")}.`,
      );
    return { text, name: name!, most: Number(most), relative: percent === "%" };
  });
}

/** A rule approves only the values that it names: rules do not approve an item that also changes other values. */
export function approveByRules(rules: "all" | Rule[], change: ItemChange): ItemApproval | null {
  if (rules === "all") return { approved: true, by: "all" };
  if (rules.length === 0) return null;
  const holds = change.changes.every((name) => {
    const mine = rules.filter((rule) => rule.name === name);
    return mine.length > 0 && mine.every((rule) => isWithin(rule, change));
  });
  const used = rules.filter(({ name }) => change.changes.includes(name));
  return holds ? { approved: true, by: `rule ${used.map(({ text }) => text).join(", ")}` } : null;
}

function isWithin({ name, most, relative }: Rule, { before, wanted }: ItemChange): boolean {
  const [from, to] = [parseNumber(before[name] ?? ""), parseNumber(wanted[name] ?? "")];
  if (from === null || to === null) return false;
  const change = Math.abs(to - from);
  // In floating point, 10% of 12.90 is slightly less than people mean.
  return change <= (relative ? (most / 100) * Math.abs(from) : most) * (1 + 1e-9);
}

export function changeOf(key: string, before: State, wanted: State, changes: readonly string[]): ItemChange {
  return { key, before, wanted, changes, words: describeChange(changes, before, wanted) };
}
