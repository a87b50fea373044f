/**
 * @file The gate in a browser episode, in two layers below the model. Before an action, it looks at what the page says
 * about the element, so that a person is asked before anything happens. At the network, it looks at what really leaves.
 * The second layer has the last word: it stops every request that no decision covers, whatever button, script, timer or
 * worker made it.
 *
 * A grant covers one request, with the method, address, fields and amount that were shown. It ends with its action.
 */

import type {
  ActionIntent,
  Declarations,
  EpisodeGuard,
  MakeGuard,
  OutgoingRequest,
} from "../browser/guard.ts";
import { READING } from "../browser/guard.ts";
import type { ElementFacts } from "../browser/page/facts.ts";
import { belongsTo } from "../browser/typed-secrets.ts";
import type { Secrets } from "../browser/typed-secrets.ts";
import type { Action, ActionError } from "../core/action.ts";
import type { EffectKind } from "../core/effect.ts";
import { amountAfter, amountInLabel, amountOnTop } from "./amount.ts";
import type { Intent } from "./approval.ts";
import { classify } from "./classify.ts";
import type { Classified } from "./classify.ts";
import { activates, effectOfElement, isBlind, meaningOf } from "./element-effect.ts";
import type { Said } from "./element-effect.ts";
import { openGate } from "./gate.ts";
import type { DecideOptions, Decision, Gate } from "./gate.ts";
import { differenceOf, FAMILY, fingerprint, isGranted, withoutHash } from "./grant.ts";
import type { Grant } from "./grant.ts";
import { leakFinder } from "./leaks.ts";
import { pickCountedKind } from "./ledger.ts";
import type { Effect, PolicyRule, SafetyPolicy } from "./policy.ts";
import { judge } from "./request.ts";
import type { Judged } from "./request.ts";

/** The action under way. */
interface Current {
  name: string;
  element: string | null;
  page: string;
  pageText: string | null;
  /** What its element says that it does, if the request is not known yet. */
  means: EffectKind | null;
  /** It is unknown what it touches. */
  isBlind: boolean;
  grant: Grant | null;
  /** Secrets that are being typed. */
  secrets: readonly string[];
  /** Requests that were granted and sent, by their whole content. */
  sent: Set<string>;
}

/** For `SiteOptions.guard` and `BrowserEpisodeOptions.guard`: the gate guards every episode that is started with it. */
export const guardBy =
  (gate: Gate): MakeGuard =>
  (world, openHosts) =>
    guardEpisode(gate, world, openHosts);

/**
 * Guards each episode by its own gate, in which a run is the episode: for training and evaluation, where nobody can be
 * asked. Throws a `ConfigError` if something that the policy needs is missing.
 */
export function guardEach(policy: SafetyPolicy | null): MakeGuard | undefined {
  if (policy === null) return undefined;
  openGate({ policy });
  return (world, openHosts) => guardEpisode(openGate({ policy }), world, openHosts);
}

function guardEpisode(gate: Gate, world: Parameters<MakeGuard>[0], openHosts: () => string[]): EpisodeGuard {
  const declarations: Declarations = world.irreversible ?? new Map();
  const { policy } = gate;
  const secrets: Secrets = new Map([...(world.secrets ?? []), ...gate.secrets]);
  const leaks = leakFinder(secrets);
  const ended = new AbortController();
  const asked = new Set<Promise<unknown>>();
  /** Decisions since the last wait. */
  let wasAsked = false;
  const onAsk = (asking: Promise<unknown>) => {
    wasAsked = true;
    asked.add(asking);
    void asking.finally(() => asked.delete(asking));
  };
  const stopped: string[] = [];
  let current: Current | null = null;
  const block = (message: string): ActionError => ({ code: "blocked", message });

  const refuseKind = ({ kind }: Action): string | null => {
    const { allow, deny } = policy.actions;
    if (kind === "exit" || ((!allow || allow.includes(kind)) && !deny?.includes(kind))) return null;
    return `the action ${kind.replaceAll("_", " ")} is not allowed`;
  };

  const beginAction = async (intent: ActionIntent): Promise<ActionError | null> => {
    const { action, elements, page } = intent;
    const refused = refuseKind(action);
    if (refused !== null) return block(refused);
    const [first] = elements;
    const wantsText = [...declarations.values()].flat().some(({ amount }) => amount?.text !== undefined);
    const activated = activates(action);
    current = {
      name: action.kind,
      element: first?.names[0] ?? null,
      page: page.url,
      pageText: wantsText && activated ? await intent.pageText() : null,
      means: null,
      isBlind: isBlind(action, elements),
      grant: null,
      secrets: intent.secrets,
      sent: new Set(),
    };
    for (const element of elements) {
      const error = activated && (await weighElement(element, activated, current, intent.signal));
      if (error) {
        current = null;
        return error;
      }
      // The granted request is known; any other request is judged separately.
      if (current.grant === null) current.means ??= meaningOf(action, element);
    }
    return null;
  };

  /** Decides by what the page tells about the element: refuses, grants, or leaves it to the request. */
  const weighElement = async (
    element: ElementFacts,
    by: "click" | "enter",
    action: Current,
    signal: AbortSignal | undefined,
  ): Promise<ActionError | null> => {
    const said = effectOfElement(element, by, declarations);
    if (said.effect === null) return null;
    const intent: Intent = {
      by: "agent",
      effect: said.effect,
      pageUrl: action.page,
      method: said.request?.method ?? null,
      url: said.request?.url.href ?? null,
      fields: said.request?.fields ?? [],
      ...amounts(said, element.names, action.pageText),
      action: action.name,
      element: element.names[0] ?? null,
      why: said.why,
    };
    // What a script will send is not known yet, so that is decided later.
    if (!said.request && (gate.weigh(intent).verdict !== "deny" || mayFit(policy.rules, said.effect))) {
      action.means = said.effect;
      return null;
    }
    const decision = await gate.decide(intent, { atLeast: mismatch(intent), signal, onAsk });
    if (!decision.granted) return block(decision.reason!);
    const { method, url, fields } = said.request!;
    action.grant = {
      decision,
      effect: said.effect,
      method,
      url: withoutHash(url),
      fields,
      withheld: element.form?.withheld ?? [],
      amount: intent.amount,
    };
    return null;
  };

  const request = async (outgoing: OutgoingRequest) => {
    const action = current;
    const url = new URL(outgoing.url);
    const refuse = (why: string) => {
      stopped.push(why);
      return null;
    };
    if (policy.hosts && !belongsTo(policy.hosts, url.href))
      return refuse(`the policy allows no requests to ${url.host}`);
    // A page that listens to keys gets the secret letter by letter, and parts of it cannot be distinguished from other
    // text.
    const typed = action?.secrets.find((name) => !belongsTo(secrets.get(name)!.hosts, url.href));
    const leaked = leaks(outgoing);
    if (typed !== undefined || leaked !== null) {
      const rule =
        leaked === null
          ? `the secret ${typed} is being typed, which is not for ${url.host}`
          : `it carries the secret ${leaked}, which is not for ${url.host}`;
      const where = { ...outgoing, url: `${url.origin}${url.pathname}` };
      const intent = outIntent(action, "send", where, rule);
      const { reason } = await gate.decide(intent, { atLeast: { verdict: "deny", rule } });
      // The agent's action is complete: it typed.
      return leaked === null ? null : refuse(reason!);
    }
    const judged = await judge(outgoing);
    const found = classify(judged, declarations, initiators(outgoing, openHosts));
    const effect = effectOf(found, judged, action);
    if (effect === null) return pass;
    const kind = pickCountedKind(effect);
    const key = kind && fingerprint(judged, outgoing.body);
    if (key !== null && action?.sent.has(key))
      return refuse(`${describe(judged)} was sent twice by one action; the second was stopped`);
    if (key !== null) action?.sent.add(key);
    const amount = amounts(
      { amount: found.amount, place: found.declaration?.amount, request: judged },
      action?.element ? [action.element] : [],
      action?.pageText ?? null,
    );
    const intent: Intent = {
      ...outIntent(
        action,
        effect,
        outgoing,
        found.effect === effect ? found.why : `the button says so: ${JSON.stringify(action?.element)}`,
      ),
      fields: judged.fields,
      ...amount,
    };
    const grant = action?.grant;
    let odd = mismatch(intent) ?? (isUnseen(effect, found, action) ? UNSEEN : undefined);
    if (grant && kind && FAMILY[grant.effect] === FAMILY[kind] && isGranted(grant, judged)) {
      action.grant = null;
      const difference = differenceOf(grant, judged, intent.amount);
      if (difference === null) return leaves(grant.decision);
      // The request that was decided on was never sent.
      grant.decision.end(`not sent: ${difference}`, { unused: true });
      odd = { verdict: "ask", rule: difference };
      intent.why = difference;
    }
    const decision = await gate.decide(intent, { atLeast: odd, signal: ended.signal, onAsk });
    return decision.granted ? leaves(decision) : refuse(decision.reason!);
  };

  return {
    secrets,
    beginAction,
    endAction: () => {
      current?.grant?.decision.end("nothing was sent", { unused: true });
      current = null;
    },
    request,
    waitForAnswers: async (signal) => {
      const was = wasAsked;
      wasAsked = false;
      if (asked.size === 0) return was;
      const aborted = new Promise<void>((resolve) =>
        signal?.addEventListener("abort", () => resolve(), { once: true }),
      );
      await Promise.race([Promise.allSettled(asked), aborted]);
      signal?.throwIfAborted();
      return true;
    },
    takeStopped: () => stopped.splice(0),
    end: () => ended.abort(new Error("the browser session has ended")),
  };
}

const pass = () => {};
const leaves = (decision: Decision) => (outcome: { status: number } | { failure: string }) =>
  decision.end("status" in outcome ? `answered ${outcome.status}` : `no answer: ${outcome.failure}`);

/** The request counts; what the page and the button show is compared with it. */
function amounts(
  { amount: sent, place, request }: Pick<Said, "amount" | "place" | "request">,
  names: readonly string[],
  pageText: string | null,
): Pick<Intent, "amount" | "shownAmount"> {
  const onPage = place?.text === undefined || pageText === null ? null : amountAfter(place.text, pageText);
  const onTop = place?.plus ? amountOnTop(place.plus, request?.fields ?? []) : 0;
  const onButton = names.map(amountInLabel).find((amount) => amount !== null) ?? null;
  const shown = onPage === null ? onButton : onTop === null ? null : inCents(onPage + onTop);
  return { amount: sent ?? shown, shownAmount: shown };
}

/** Removes rounding errors of floating-point sums. */
const inCents = (amount: number): number => Math.round(amount * 100) / 100;

function mismatch({ effect, amount, shownAmount }: Intent): DecideOptions["atLeast"] {
  const isMoney = effect === "buy" || effect === "pay";
  return isMoney && shownAmount !== null && amount !== null && Math.abs(shownAmount - amount) > 0.005
    ? { verdict: "ask", rule: `the page shows ${shownAmount}, but the request says ${amount}` }
    : undefined;
}

/** A rule that depends on more than the effect may still allow it once more is known. */
const mayFit = (rules: readonly PolicyRule[], effect: Effect) =>
  rules.some(
    ({ effects, hosts, paths, amountUpTo, verdict }) =>
      verdict !== "deny" &&
      (hosts ?? paths ?? amountUpTo) !== undefined &&
      (!effects || effects.includes(effect)),
  );

/** It changes something, but it is unknown what was pressed. */
const isUnseen = (effect: Effect, { declaration }: Classified, action: Current | null) =>
  (action?.isBlind ?? false) && !declaration && (effect === "change" || effect === "message");
const UNSEEN: DecideOptions["atLeast"] = {
  verdict: "ask",
  rule: "keys moved the focus and pressed what nobody had named; keys that are pressed one by one are judged by what they touch",
};

/** During an action whose button says what it does, a request that says nothing counts as that. */
function effectOf(found: Classified, { method }: Judged, action: Current | null): Effect | null {
  const isVague = found.effect === "change" || found.effect === "message";
  return isVague && action?.means && !found.declaration && !READING.has(method) ? action.means : found.effect;
}

function outIntent(
  action: Current | null,
  effect: Effect,
  { method, url, headers }: OutgoingRequest,
  why: string,
): Intent {
  return {
    by: action ? "agent" : "page",
    effect,
    pageUrl: action?.page ?? headers["referer"] ?? "",
    method,
    url,
    fields: [],
    amount: null,
    shownAmount: null,
    action: action?.name ?? null,
    element: action?.element ?? null,
    why,
  };
}

/** The hosts whose pages may have made a request. */
function initiators({ headers, url }: OutgoingRequest, openHosts: () => string[]): string[] {
  const { origin } = headers;
  // Pages can make the browser hide it; then it may be any of the open pages.
  if (origin === undefined || origin === "null" || !URL.canParse(origin)) return openHosts();
  return [new URL(origin).host || new URL(url).host];
}

const describe = ({ method, url }: Judged) => `${method} ${url.host}${url.pathname}`;
