/** @file Tasks of an inbox and of a feed, whose actions are icons. */

import type { Observation } from "../../../core/observation.ts";
import type { Solver, Steps } from "./hands.ts";
import { all, capture, click, field, lines, maybe, named, scrollTo, Stuck, submit, type } from "./hands.ts";

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

/** Who wrote it, and who is to have it. */
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
      yield click(named(o, /trash|delete/i));
      return;
    case "star":
      yield click(named(o, /star/i));
      return;
    case "reply":
    case "forward":
      o = (yield* scrollTo(o, (page) => maybe(page, wish.what === "reply" ? /reply/i : /forward/i))).page;
      o = yield click(named(o, wish.what === "reply" ? /reply/i : /forward/i));
      o = yield type(field(o), wish.text!);
      yield click(named(o, /send/i));
  }
};

/** The elements of each post, by the user that the lines above them name. */
function posts(o: Observation): { user: string; start: number; end: number }[] {
  const found: { user: string; start: number; end: number }[] = [];
  let elements = 0;
  for (const line of lines(o)) {
    const user = /(@[\w-]+)/.exec(line)?.[1];
    if (user && !/(Mute|Block) @/.test(line)) found.push({ user, start: elements, end: Infinity });
    elements += [...line.matchAll(/\[(?!x\])[a-z]+(?: |\])/g)].length;
  }
  return found.map((post, index) => ({ ...post, end: found[index + 1]?.start ?? Infinity }));
}

const ICONS: Record<string, RegExp> = {
  Reply: /reply/i,
  Retweet: /retweet/i,
  Like: /like/i,
  Share: /share/i,
};

function inPost(o: Observation, user: string, what: RegExp, skip = 0): string | undefined {
  let passed = 0;
  for (const post of posts(o)) {
    if (post.user !== user || passed++ < skip) continue;
    return o.elements.slice(post.start, post.end).find(({ label }) => what.test(label))?.name;
  }
  return undefined;
}

export const socialMedia: Solver = function* (instruction, first) {
  const [, user, action] = /^For the user (@\S+), click on the "(.+)" button/.exec(instruction) ?? [];
  if (!user || !action) throw new Stuck(instruction);
  const icon = ICONS[action];
  const { page, found } = yield* scrollTo(first, (o) => inPost(o, user, icon ?? /^more\b/i));
  if (icon) {
    yield click(found);
    return;
  }
  const o = yield click(found);
  const item =
    maybe(o, new RegExp(`^${action}`)) ??
    (yield* scrollTo(page, (p) => maybe(p, new RegExp(`^${action}`)))).found;
  yield click(item);
};

export const socialMediaMany: Solver = function* (instruction, first) {
  const [, action, amount, user] =
    /^Click the "(.+)" button on (all|\d+) posts? by (@\S+) and/.exec(instruction) ?? [];
  if (!action || !user) throw new Stuck(instruction);
  const wanted = amount === "all" ? Infinity : Number(amount);
  let o = first;
  let clicked = 0;
  for (let tries = 0; tries < 30 && clicked < wanted; tries++) {
    o = yield* pressInView(o, user, ICONS[action]!, wanted - clicked, (n) => (clicked += n));
    if (clicked >= wanted) break;
    o = yield 'do(action="Scroll Down")';
    if (o.error) break;
  }
  const bottom = yield* scrollTo(o, (page) => maybe(page, "Submit"));
  yield* submit(bottom.page);
};

/** What was pressed before scrolling and is still in view must not be pressed again: it says that it is active. */
function* pressInView(
  first: Observation,
  user: string,
  what: RegExp,
  most: number,
  count: (n: number) => void,
): Steps<Observation> {
  let o = first;
  let n = 0;
  for (let skip = 0; n < most; skip++) {
    const name = inPost(o, user, what, skip);
    if (!name) break;
    if (/active/.test(name)) continue;
    o = yield click(name);
    n++;
  }
  count(n);
  return o;
}
