/** @file The question before something irreversible is done, in the runtime's words and not the model's. */

import type { Question } from "../../safety/approval.ts";
import { EFFECT_VERBS } from "../../safety/policy.ts";

/** Quotes the button's name, which is the shop's own word for what will happen. */
export function describeQuestionToCustomer({ intent }: Question): string {
  const { effect, amount, element, url } = intent;
  const what = EFFECT_VERBS[effect];
  const button = element === null ? "" : `: “${element.slice(0, 120)}”`;
  const where = url !== null && URL.canParse(url) ? ` (${new URL(url).pathname})` : "";
  const sum = amount === null ? "" : ` The amount is ${amount}.`;
  return `I am about to ${what}${button}${where}.${sum} Shall I do that?`;
}

const YES =
  /^(?:yes|yep|yeah|ok|okay|sure|confirm(?:ed)?|i confirm|go ahead|do it|please do|yes,? please|yes,? (?:do it|go ahead|i confirm))[.! ]*$/i;
const NO = /^(?:no|nope|stop|cancel|don't|do not|no,? thanks?(?: you)?|better not)[.! ]*$/i;

/** Only a message that says nothing else counts. */
export function readYesNo(message: string): "yes" | "no" | null {
  const text = message.trim();
  return YES.test(text) ? "yes" : NO.test(text) ? "no" : null;
}
