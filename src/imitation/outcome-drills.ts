/**
 * @file Outcome drills: successes and failures made from demonstrations without a browser, to pre-train the outcome
 * reward model. A renamed success is still a success; it becomes a failure with another name in the instruction,
 * without its last action, without one of the values that it typed, or with another answer. They teach the model to
 * compare what was asked with what was done; it learns the real mistakes of policies from their rollouts.
 */

import type { ActionKind } from "../core/action.ts";
import { createRng, type Rng } from "../core/rng.ts";
import type { Trajectory } from "../core/trajectory.ts";
import type { OrmExample } from "../reward/train-orm.ts";
import { ormExample } from "../reward/train-orm.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { parseAction, printAction } from "../text/action.ts";
import { isDemonstration } from "./demonstrations.ts";
import { exchangeWords, namesIn, otherName, phraseMaker } from "./renaming.ts";

type Outcome = Pick<OrmExample, "instruction" | "responses" | "page" | "fits">;

export interface OutcomeDrillOptions {
  /** Drills per demonstration, about half of them successes. */
  perDemonstration: number;
  seed: number;
}

export function outcomeDrills(
  records: readonly EpisodeRecord[],
  { perDemonstration, seed }: OutcomeDrillOptions,
): OrmExample[] {
  const rng = createRng(seed).fork("outcome drills");
  const phrase = phraseMaker(records, rng.fork("phrases"));
  const demonstrations = records.filter(isDemonstration);
  const values = valuesByParameter(demonstrations);
  return demonstrations.flatMap(({ id, trajectory }) => {
    const whole = ormExample(trajectory, true);
    const draw = rng.fork(id);
    return Array.from({ length: perDemonstration }, (_, at): OrmExample => {
      const made = makeOutcome(trajectory, whole, { phrase, values, rng: draw.fork(at) });
      return { ...whole, ...made, trajectoryId: `${id}/drill-${at}`, policy: "drill" };
    });
  });
}

interface Material {
  phrase: () => string;
  /** Values of a template's parameter in other tasks. */
  values: ReadonlyMap<string, readonly string[]>;
  rng: Rng;
}

/** Tries a failure of a random kind in half of the cases; makes a success if none is possible. */
function makeOutcome(
  trajectory: Trajectory,
  whole: Outcome,
  material: Material,
): Outcome & Pick<OrmExample, "success"> {
  const { phrase, rng } = material;
  const names = namesIn(trajectory.task);
  const renamed = names.filter(() => rng.next() < 0.6).map((name) => [name, otherName(name, phrase, rng)]);
  const pairs = renamed as [string, string][];
  const rename = exchangeWords(pairs);
  const consistent = ({ instruction, responses, page }: Outcome): Outcome => ({
    instruction: rename(instruction),
    responses: responses.map(rename),
    page: rename(page),
  });
  if (rng.next() < 0.5) {
    const failure = rng.pick([wrongName, wrongName, wrongAnswer, cutShort, leaveOut])(
      trajectory,
      whole,
      material,
      pairs,
    );
    if (failure)
      return { ...failure, page: rename(failure.page), responses: failure.responses.map(rename), success: 0 };
  }
  return { ...consistent(whole), fits: whole.responses.map(() => 1), success: 1 };
}

type Failure = (
  trajectory: Trajectory,
  whole: Outcome,
  material: Material,
  pairs: readonly (readonly [string, string])[],
) => Outcome | null;

/** Failure: done for one name, asked for another. The instruction is final; pages and actions are renamed later. */
const wrongName: Failure = ({ task }, whole, { phrase, values, rng }, pairs) => {
  const names = namesIn(task);
  if (names.length === 0) return null;
  const name = rng.pick(names);
  const elsewhere = Object.entries(task.params)
    .filter(([, value]) => String(value) === name)
    .flatMap(([key]) => values.get(parameterKey(task.templateId, key)) ?? [])
    .filter((value) => value.toLowerCase() !== name.toLowerCase());
  const done = pairs.find(([from]) => from === name)?.[1] ?? name;
  const asked = elsewhere.length > 0 && rng.next() < 0.6 ? rng.pick(elsewhere) : otherName(name, phrase, rng);
  const instruction = exchangeWords([...pairs.filter(([from]) => from !== name), [name, asked]])(
    whole.instruction,
  );
  return asked.toLowerCase() === done.toLowerCase() || instruction === exchangeWords(pairs)(whole.instruction)
    ? null
    : {
        ...whole,
        instruction,
        fits: fitsUntil(
          whole.responses.findIndex((r) => mentions(r, name)),
          whole,
        ),
      };
};

/** Labels: all responses before `first` fit, and none from there on; unknown (−1) gives no labels. */
const fitsUntil = (first: number, { responses }: Outcome) =>
  first < 0 ? undefined : responses.map((_, at): 0 | 1 => (at < first ? 1 : 0));

const mentions = (response: string, name: string) => response.toLowerCase().includes(name.toLowerCase());

/** Failure: ended before the last action of a task that needs no answer. */
const cutShort: Failure = ({ steps }, whole, { rng }, pairs) => {
  const acting = steps.length - 1;
  if (acting < 1 || answerOf(whole) !== "") return null;
  const kept = rng.next() < 0.5 ? acting - 1 : rng.int(acting);
  return {
    instruction: exchangeWords(pairs)(whole.instruction),
    responses: [...whole.responses.slice(0, kept), whole.responses.at(-1)!],
    fits: [...Array.from({ length: kept }, () => 1 as const), 0],
    page: steps[kept]!.observation.text,
  };
};

const ENTERING = new Set<ActionKind>(["type", "insert", "select", "select_options"]);

/** Failure: one value of a form was never entered. */
const leaveOut: Failure = (_, whole, { rng }, pairs) => {
  if (answerOf(whole) !== "") return null;
  const entered = whole.responses.flatMap((response, at) => {
    const parsed = parseAction(response);
    if (!parsed.ok || !("element" in parsed.action) || !ENTERING.has(parsed.action.kind)) return [];
    const { element } = parsed.action;
    // A field that was filled in twice may contain the value all the same.
    const again = whole.responses.filter((other) => other.includes(`element="${element}"`)).length > 1;
    return again ? [] : [at];
  });
  if (entered.length === 0) return null;
  const without = rng.pick(entered);
  return {
    ...whole,
    instruction: exchangeWords(pairs)(whole.instruction),
    responses: whole.responses.filter((_response, at) => at !== without),
  };
};

/** Failure: another text of the page, no answer, or a refusal, instead of the right answer. */
const wrongAnswer: Failure = (_, whole, { rng }, pairs) => {
  const right = answerOf(whole);
  if (right === null || right === "") return null;
  const plain = right.toLowerCase();
  const texts = whole.page
    .split(/\n| \| |[[\]]|, | = /)
    .map((text) => text.replace(/^(?:link|button|tab|textbox|combobox) /, "").trim())
    .filter((text) => text !== "" && text.length < 60)
    .filter((text) => !text.toLowerCase().includes(plain) && !plain.includes(text.toLowerCase()));
  const other =
    rng.next() < 0.7 && texts.length > 0 ? rng.pick(texts) : rng.next() < 0.5 || right === "N/A" ? "" : "N/A";
  return {
    ...whole,
    instruction: exchangeWords(pairs)(whole.instruction),
    responses: [...whole.responses.slice(0, -1), printAction({ kind: "exit", message: other })],
    fits: fitsUntil(whole.responses.length - 1, whole),
  };
};

/** The answer with which an outcome ends; `null` if it does not end with one. */
function answerOf({ responses }: Outcome): string | null {
  const parsed = parseAction(responses.at(-1) ?? "");
  return parsed.ok && parsed.action.kind === "exit" ? parsed.action.message : null;
}

const parameterKey = (templateId: string | null, key: string) => `${templateId}#${key}`;

function valuesByParameter(records: readonly EpisodeRecord[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const { trajectory } of records)
    for (const [key, value] of Object.entries(trajectory.task.params)) {
      const at = parameterKey(trajectory.task.templateId, key);
      values.set(at, [...(values.get(at) ?? []), String(value)]);
    }
  return values;
}
