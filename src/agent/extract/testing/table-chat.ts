/**
 * @file A chat model that reads, without mistakes, records whose lines say `Header: value`, as rows of tables are
 * printed.
 */

import type { ChatModel } from "../../../core/chat.ts";

/** The reply to a prompt of `ask.ts`, by headers: `{ name: "Product" }` reads `name` from the line `Product: …`. */
export function replyToTable(prompt: string, headers: Record<string, string>): string {
  const records = [...prompt.matchAll(/<record id="(\w+)">\n([\s\S]*?)<\/record>/g)];
  return JSON.stringify(
    Object.fromEntries(
      records.map(([, id, text]) => {
        const values = Object.entries(headers).map(([field, header]) => {
          const [, said] = new RegExp(`^${header}: ([^\\n[]*?) *(?:\\[|$)`, "m").exec(text!) ?? [];
          return [field, said ?? null];
        });
        return [id!, values.some(([, value]) => value !== null) ? Object.fromEntries(values) : null];
      }),
    ),
  );
}

export const tableChat = (headers: Record<string, string>): ChatModel => ({
  name: "reader of tables",
  chat: ({ messages }) =>
    Promise.resolve({
      text: `Here it is:\n\`\`\`json\n${replyToTable(messages.at(-1)!.content, headers)}\n\`\`\``,
      stop: "stop",
      usage: { requests: 1, promptTokens: 100, cachedTokens: 0, completionTokens: 10 },
    }),
});
