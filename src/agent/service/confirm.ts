/** @file The question before something irreversible is done, in the runtime's words and not the model's. */

import type { EffectKind } from "../../core/effect.ts";
import type { Question } from "../../safety/approval.ts";

const VERBS: Record<EffectKind, string> = {
  buy: "place an order",
  pay: "move money",
  send: "send something in your name",
  publish: "publish something",
  delete: "cancel or delete something",
  sign: "agree to something in your name",
};

/** Quotes the button's name, which is the shop's own word for what will happen. */
export function describeQuestionToCustomer({ intent }: Question): string {
  const { effect, amount, element, url } = intent;
  const what = VERBS[effect as EffectKind] ?? "change something";
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
