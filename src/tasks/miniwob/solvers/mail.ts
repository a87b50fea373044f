/** @file Tasks of an inbox and of a feed, whose actions are icons. */

import type { Observation } from "../../../core/observation.ts";
import type { Solver } from "./hands.ts";
import {
  all,
  capture,
  click,
  field,
  lines,
  maybe,
  findName,
  patiently,
  scrollTo,
  Stuck,
  submit,
  type,
  scrollAny,
} from "./hands.ts";

interface Wish {
  what: "delete" | "star" | "reply" | "forward";
  sender: string;
  text?: string;
}

/** Understands the fixed sentences and, by the names in the inbox, the freely worded ones. */
function read(instruction: string, senders: readonly string[]): Wish {
  const fixed = /^Find the email by (\S+) and (.+)$/.exec(instruction);
  if (fixed) {
    const [, sender, rest] = fixed as unknown as [string, string, string];
    if (/trash/.test(rest)) return { what: "delete", sender };
    if (/star/.test(rest)) return { what: "star", sender };
    const text = /the text "(.*)"/.exec(rest)?.[1];
    if (text !== undefined) return { what: "reply", sender, text };
    return { what: "forward", sender, text: capture(rest, /email to (.+)\.$/) };
  }
  return readFreely(instruction, senders);
}

function readFreely(instruction: string, senders: readonly string[]): Wish {
  const said = senders.filter((name) => new RegExp(`\\b${name}\\b`, "i").test(instruction));
  const text =
    /"([^"]*)"/.exec(instruction)?.[1] ??
    /\b(?:message|with|saying|text|say|write|reply)[: ]+([A-Z][^"]*?)"?\.?$/.exec(instruction)?.[1];
  if (/delet|trash|remove|erase|discard|rid of|bin\b|throw/i.test(instruction))
    return { what: "delete", sender: said[0] ?? lastName(instruction) };
  if (/\bstar|important|flag|mark|favou?rite|priority/i.test(instruction))
    return { what: "star", sender: said[0] ?? lastName(instruction) };
  if (/reply|respond|answer|write back|tell|response/i.test(instruction) && text !== undefined)
    return { what: "reply", sender: said[0] ?? lastName(instruction), text };
  return forwardWish(instruction, said);
}

const NAME = "([A-Z][a-z]+(?:-[A-Z][a-z]+)*)";
const lastName = (instruction: string) => capture(instruction.slice(1), new RegExp(`\\b${NAME}`));

/** Who wrote it, and who is to get it. */
function forwardWish(instruction: string, said: readonly string[]): Wish {
  const by = [
    `\\b(?:from|by) ${NAME}`,
    `\\b${NAME}'s`,
    `\\b${NAME} (?:sent|wrote|had sent|has sent|gave)`,
    `(?:received|got) .*from ${NAME}`,
    `sent by ${NAME}`,
  ];
  const sender = by.map((pattern) => new RegExp(pattern).exec(instruction)?.[1]).find(Boolean) ?? said[0];
  if (!sender) throw new Stuck(`whose email? ${instruction}`);
  const others = [...instruction.matchAll(new RegExp(`\\b${NAME}`, "g"))]
    .map((found) => found[1]!)
    .filter(
      (name, index, names) => name !== sender && (index > 0 || said.includes(name) || names.length < 3),
    );
  const to = /\b(?:to|with|along to) ([A-Z][a-z]+(?:-[A-Z][a-z]+)*)/.exec(instruction)?.[1];
  const receiver =
    to && to !== sender
      ? to
      : others.find(
          (name) =>
            !/^(?:Find|Send|Forward|Give|Please|Can|Could|Go|Email|I|Share|Pass|Copy|Locate|Search|Look|Take|Automatically|FO?rward|Foward|Ask|The|Open|Make|Get|You|My|We|Kindly|Select|Click|Retrieve|Now|This|That)$/.test(
              name,
            ),
        );
  if (!receiver) throw new Stuck(`to whom? ${instruction}`);
  return { what: "forward", sender, text: receiver };
}

const row = (sender: string) => new RegExp(`^${sender}\\b`);

export const emailInbox: Solver = function* (instruction, first) {
  const senders = all(first, /^[A-Z][\w-]+ /).map(({ label }) => label.split(" ")[0]!);
  const wish = read(instruction, senders);
  const { found } = yield* scrollTo(first, (o) => maybe(o, row(wish.sender)));
  let o = yield click(found);
  switch (wish.what) {
    case "delete":
      yield click(findName(o, /trash|delete/i));
      return;
    case "star":
      yield click(findName(o, /star/i));
      return;
    case "reply":
    case "forward":
      o = (yield* scrollTo(o, (page) => maybe(page, wish.what === "reply" ? /reply/i : /forward/i))).page;
      o = yield click(findName(o, wish.what === "reply" ? /reply/i : /forward/i));
      o = yield type(field(o), wish.text!);
      yield click(findName(o, /send/i));
  }
};

interface Post {
  user: string;
  body: string;
  /** Names of its elements that are in view. */
  elements: string[];
}

/** What is below the line that names a user belongs to that user's post. */
function posts(o: Observation): Post[] {
  const found: Post[] = [];
  for (const line of lines(o)) {
    const user = /(?<!Mute |Block )(@[\w-]+)/.exec(line)?.[1];
    const last = found.at(-1);
    if (user) found.push({ user, body: "", elements: [] });
    else if (line.startsWith("[")) last?.elements.push(...namesIn(line));
    else if (last?.body === "") last.body = line;
  }
  return found;
}

/** The names that a line prints in brackets, without values and states. */
const namesIn = (line: string) =>
  [...line.matchAll(/\[([a-z]+ [^\];=]+?)(?: = [^\]]*|;[^\]]*)?\]/g)].map((found) => found[1]!);

const ICONS: Record<string, RegExp> = {
  Reply: /reply/i,
  Retweet: /retweet/i,
  Like: /like/i,
  Share: /share/i,
};

const inPost = (o: Observation, user: string, what: RegExp) =>
  posts(o)
    .filter((post) => post.user === user)
    .flatMap(({ elements }) => elements.filter((name) => what.test(name)))[0];

export const socialMedia: Solver = function* (instruction, first) {
  const [, user, action] = /^For the user (@\S+), click on the "(.+)" button/.exec(instruction) ?? [];
  if (!user || !action) throw new Stuck(instruction);
  const icon = ICONS[action];
  // The icons are pictures that load after the page.
  const shown = (yield* patiently(first, (o) => maybe(o, /reply/))).page;
  const { found } = yield* scrollTo(shown, (o) => inPost(o, user, icon ?? /\bmore\b/i));
  if (icon) {
    yield click(found);
    return;
  }
  const o = yield click(found);
  const item =
    maybe(o, new RegExp(`^${action}`)) ??
    (yield* scrollTo(o, (p) => maybe(p, new RegExp(`^${action}`)))).found;
  yield click(item);
};

export const socialMediaMany: Solver = function* (instruction, first) {
  const [, action, amount, user] =
    /^Click the "(.+)" button on (all|\d+) posts? by (@\S+) and/.exec(instruction) ?? [];
  if (!action || !user) throw new Stuck(instruction);
  const wanted = amount === "all" ? Infinity : Number(amount);
  const isIcon = (name: string) => ICONS[action]!.test(name);
  // A post that was pressed may be in view again after scrolling, and does not say so.
  const pressed = new Set<string>();
  let o = first;
  for (let tries = 0; tries < 60 && pressed.size < wanted; tries++) {
    const post = posts(o).find(
      (one) => one.user === user && !pressed.has(one.body) && one.elements.some(isIcon),
    );
    if (post) {
      o = yield click(post.elements.find(isIcon)!);
      pressed.add(post.body);
      continue;
    }
    const next: Observation | undefined = yield* scrollAny(o);
    if (!next) break;
    o = next;
  }
  const bottom = yield* scrollTo(o, (page) => maybe(page, "Submit"));
  yield* submit(bottom.page);
};
