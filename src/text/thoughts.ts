/** @file Thoughts of reasoning models: what such a model writes before its reply is never the reply. */

const OPENING = /^\s*<(think|thinking|thought|reasoning)>/i;

/**
 * What a model said after its thoughts; `null` where the text ends within them. A closing tag without an opening one
 * ends thoughts too, if it begins a line: some prompts open them.
 */
export function withoutThoughts(text: string): string | null {
  const [, tag] = OPENING.exec(text) ?? [];
  if (tag === undefined) {
    const closing = [...text.matchAll(/^\s*<\/(?:think|thinking|thought|reasoning)>/gim)].at(-1);
    return closing === undefined ? text : text.slice(closing.index + closing[0].length).trimStart();
  }
  const closing = `</${tag.toLowerCase()}>`;
  const end = text.toLowerCase().indexOf(closing);
  return end < 0 ? null : withoutThoughts(text.slice(end + closing.length).trimStart());
}
