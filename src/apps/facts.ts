/** @file Tasks that ask for a fact from one page out of a list of pages. */

import type { Observation } from "../core/observation.ts";
import { defineTemplate } from "../sites/define-site.ts";
import type { SiteCheck, SiteTemplate } from "../sites/define-site.ts";
import { exit } from "../sites/hands.ts";
import type { Stretch } from "../sites/oracle-steps.ts";
import { answerIs } from "../sites/verify.ts";
import { other, read } from "./reading.ts";

export interface Facts {
  id: string;
  facts: readonly { title: string; value: string }[];
  /** With `{title}`. */
  phrasings: string[];
  /** Its first group is the value, as the page says it. */
  pattern: RegExp;
  /** From the start page to the page with this title. */
  open: (first: Observation, title: string) => Stretch;
  expectNoChange: () => SiteCheck;
  signedOut?: boolean;
}

export function factTemplate(options: Facts): SiteTemplate {
  const { id, facts, phrasings, pattern, open, expectNoChange, signedOut = false } = options;
  const valueOf = (title: string) => facts.find((each) => each.title === title)!.value;
  return defineTemplate<{ title: string }>({
    id,
    phrasings,
    instances: facts.map(({ title }) => ({ title })),
    difficulty: 3,
    ...(signedOut && { signedOut }),
    check: ({ title }) => [answerIs(valueOf(title)), expectNoChange()],
    *oracle({ title }, first) {
      const page = yield* open(first, title);
      yield exit(yield* read(page, pattern));
    },
    wrongAnswer: ({ title }) =>
      other(
        facts.map(({ value }) => value),
        valueOf(title),
      ),
  });
}
