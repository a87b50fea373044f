/**
 * @file A recording as a policy: it does what was done as long as the page is as it was, and otherwise asks the model.
 * As a policy it runs in the agent's loop, with the same gate, journal, limits and record as every run.
 *
 *     place, rows, element as recorded ─► the recorded action ─► what appeared as recorded ─► the next one
 *                  └───────────────────────────────┴─► the model, until it has done the step, or the step can be done
 *                  again
 */

import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import { parseAction, printAction } from "../../text/action.ts";
import type { Choice, Policy, Turn } from "../../rollout/policy.ts";
import { findAgain } from "./find-again.ts";
import { linesOf, sentencesOf } from "./page-lines.ts";
import type { PageLine } from "./page-lines.ts";
import { bodyOf } from "./recording.ts";
import type { RecordedStep, Recording, Target } from "./recording.ts";
import { fold, indexOfWord, mask, placeOf, replaceIn, replaceInPlace } from "./words.ts";
import type { Replacements } from "./words.ts";

/** How far a run was repeated as recorded. */
export interface Repetition {
  /** How many steps were done as recorded, and how many turns the model took. */
  repeated: number;
  byModel: number;
  /** Elements that were found under a changed name. */
  renamed: number;
  /** Why the model was asked, in order: `step 3: there is no button "Save"`. */
  handedOver: string[];
  /** What the recording brought about but the repetition did not. */
  differences: string[];
  /** It stopped because there was no model to ask. */
  stuck: string | null;
}

export interface RepeatPolicy extends Policy {
  readonly report: Repetition;
}

/** How often to scroll in search of an element before it counts as gone. */
const SCROLLS = 4;
/** The most turns of the model in place of one step; after them the model does the rest. */
const GAP = 4;
/** Words with which a page says that something went wrong. */
const TROUBLE =
  /\b(?:error|fail(?:ed|ure)?|invalid|unable|cannot|can't|could not|not (?:found|available|allowed|possible|valid)|out of stock|sold out|sorry|denied|refused|rejected|expired|unavailable|required|must be|too (?:many|long|short|large|high|low)|already (?:exists|taken))\b|fehler|ungültig|nicht (?:möglich|gefunden|verfügbar)|erreur|impossible|no (?:disponible|válido)/i;

/**
 * `model`: asked when the page has changed; `null`: the repetition ends there. `unused`: a value that no step has, so
 * that the model does the whole task.
 */
export function repeatPolicy(
  recording: Recording,
  values: Replacements,
  model: Policy | null,
  unused: string | null,
): RepeatPolicy {
  const report: Repetition = {
    repeated: 0,
    byModel: 0,
    renamed: 0,
    handedOver: [],
    differences: [],
    stuck: null,
  };
  return {
    name: "repeat",
    report,
    begin: (task, seed) => {
      const ask = model?.begin(task, seed) ?? null;
      const player = new Player(recording, values, report);
      return async (turn) => {
        const played =
          unused === null ? player.next(turn) : { why: `no step has the value ${JSON.stringify(unused)}` };
        if ("action" in played) return choose(played.action);
        report.handedOver.push(played.why);
        if (ask === null) {
          report.stuck = played.why;
          return choose({ kind: "exit", message: "N/A" });
        }
        report.byModel++;
        const choice = await ask(turn);
        player.noteModel(choice);
        return choice;
      };
    },
  };
}

function choose(action: Action): Choice {
  const response = printAction(action);
  return { kind: "act", response, action: parseAction(response) };
}

class Player {
  readonly #recording: Recording;
  readonly #values: Replacements;
  readonly #report: Repetition;
  /** The step that is next. */
  #at = 0;
  #scrolls = 0;
  /** Turns of the model since the last step of the recording. */
  #gap = 0;
  /** The last step and the page before it, until the step's effect has been checked. */
  #done: { step: RecordedStep; index: number; before: Observation } | null = null;
  /** What the model does in place of the next step. */
  #stand: Action | null = null;
  readonly #seen: Observation[] = [];

  constructor(recording: Recording, values: Replacements, report: Repetition) {
    this.#recording = recording;
    this.#values = values;
    this.#report = report;
  }

  next({ observation }: Turn): { action: Action } | { why: string } {
    this.#seen.push(observation);
    if (this.#gap >= GAP) return { why: "the model does the rest" };
    const wrong = this.#lookAtEffect(observation);
    if (wrong !== null) return { why: wrong };
    this.#creditModel(observation);
    const { steps } = this.#recording;
    if (this.#at >= steps.length) return this.#answer();
    const step = steps[this.#at]!;
    const action = this.#actionOf(step, observation);
    if ("why" in action) return { why: `step ${this.#at + 1}: ${action.why}` };
    if (action.isScroll) return { action: action.action };
    this.#report.repeated++;
    this.#gap = 0;
    this.#scrolls = 0;
    this.#done = { step, index: this.#at, before: observation };
    this.#at++;
    return { action: action.action };
  }

  noteModel(choice: Choice): void {
    this.#gap++;
    this.#stand = choice.kind === "act" && choice.action.ok ? choice.action.action : null;
  }

  /** The model did the next step in its own way if it did the same kind of thing with the same text. */
  #creditModel(observation: Observation): void {
    const did = this.#stand;
    this.#stand = null;
    const step = this.#recording.steps[this.#at];
    if (did === null || step === undefined || observation.error) return;
    const textOf = (action: Action) => ("text" in action ? fold(action.text) : null);
    const wanted = "text" in step.action ? fold(replaceIn(step.action.text, this.#values)) : null;
    if (did.kind === step.action.kind && textOf(did) === wanted && this.#isAt(step.after.place, observation))
      this.#at++;
  }

  /** What is wrong with what the last step brought about, if anything. */
  #lookAtEffect(now: Observation): string | null {
    const done = this.#done;
    this.#done = null;
    if (done === null) return null;
    const { step, index, before } = done;
    const where = `after step ${index + 1}: `;
    if (now.error) {
      this.#at = index;
      this.#report.repeated--;
      return where + now.error.message;
    }
    if (!this.#isAt(step.after.place, now))
      return `${where}the page is ${placeOf(now.url)} and was ${step.after.place}`;
    const sentences = sentencesOf(linesOf(now));
    const shown = new Set(sentences.map(mask));
    const missing = step.after.appeared.filter((line) => !shown.has(mask(replaceIn(line, this.#values))));
    const known = new Set([
      ...step.after.appeared.map((line) => mask(replaceIn(line, this.#values))),
      ...sentencesOf(linesOf(before)).map(mask),
    ]);
    const trouble = sentences.find((line) => TROUBLE.test(line) && !known.has(mask(line)));
    if (trouble !== undefined) {
      this.#report.differences.push(`${where}new: ${trouble}`);
      return `${where}the page says ${JSON.stringify(trouble)}`;
    }
    for (const line of missing)
      this.#report.differences.push(`${where}missing: ${replaceIn(line, this.#values)}`);
    if (missing.length > 0 && missing.length === step.after.appeared.length)
      return `${where}the page does not say ${JSON.stringify(replaceIn(missing[0]!, this.#values))}`;
    return null;
  }

  #isAt(place: string, { url }: Observation): boolean {
    return placeOf(url) === place || placeOf(url) === replaceInPlace(place, this.#values);
  }

  #actionOf(step: RecordedStep, page: Observation): { action: Action; isScroll: boolean } | { why: string } {
    if (!this.#isAt(step.place, page))
      return { why: `the page is ${placeOf(page.url)} and was ${step.place}` };
    const lost = this.#lostSource(step);
    if (lost !== null) return { why: lost };
    const filled = this.#fillIn(step.action);
    const targets: [string, Target][] = [];
    if (step.target) targets.push(["element", step.target]);
    if (step.to) targets.push(["to", step.to]);
    const names: Record<string, string> = {};
    for (const [field, target] of targets) {
      const odd = this.#shortNumberIn(target);
      if (odd !== null) return { why: odd };
      const found = findAgain(target, page, this.#values);
      if (found.found === null) return this.#search(found, page);
      if (found.renamed) this.#report.renamed++;
      names[field] = found.found.name;
    }
    // The step names an element that did not exist, or was not on the page.
    if ("element" in step.action && step.action.element !== undefined && step.target === null)
      return { why: `${JSON.stringify(step.action.element)} was not an element of the page` };
    return { action: { ...filled, ...names } as Action, isScroll: false };
  }

  /** Looks for an element out of sight first downwards, then from the top. */
  #search(
    found: { why: string; hidden: boolean },
    { scroll }: Observation,
  ): { action: Action; isScroll: boolean } | { why: string } {
    const below = scroll.top + scroll.viewport < scroll.page - 4;
    if (!found.hidden || !below || this.#scrolls >= SCROLLS) return { why: found.why };
    this.#scrolls++;
    return { action: { kind: "scroll_down" }, isScroll: true };
  }

  #fillIn(action: RecordedStep["action"]): RecordedStep["action"] {
    if (action.kind === "select_options")
      return { ...action, texts: action.texts.map((text) => replaceIn(text, this.#values)) };
    return "text" in action ? { ...action, text: replaceIn(action.text, this.#values) } : action;
  }

  /**
   * A one- or two-digit number in a name may be a value or a coincidence, unless the instruction contains the whole
   * name.
   */
  #shortNumberIn({ label, key }: Target): string | null {
    const short = [...this.#values.keys()].find(
      (from) => /^\d{1,2}$/.test(from) && indexOfWord(label, from) >= 0,
    );
    if (short === undefined || indexOfWord(this.#recording.instruction, label) >= 0 || key.includes(short))
      return null;
    return `${JSON.stringify(short)} in ${JSON.stringify(label)} may be the value, or not`;
  }

  /** A text that was copied from a page must still be there. */
  #lostSource({ source }: RecordedStep): string | null {
    if (source === null) return null;
    const wanted = fold(replaceIn(source, this.#values));
    const lines: PageLine[] = this.#seen.flatMap(linesOf);
    return lines.some(({ text }) => text === wanted)
      ? null
      : `the typed text was read in ${JSON.stringify(source)}, which is not there`;
  }

  /** The recorded answer is valid if everything that was read is as it was. */
  #answer(): { action: Action } | { why: string } {
    const { answer, read } = this.#recording;
    if (answer === "") return { action: { kind: "exit", message: "" } };
    const now = new Set(this.#seen.map(bodyOf));
    if (this.#values.size === 0 && read.every((page) => now.has(page)))
      return { action: { kind: "exit", message: answer } };
    return { why: "the pages now say something else: the model reads the answer again" };
  }
}
