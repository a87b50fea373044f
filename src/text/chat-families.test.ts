import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../core/chat.ts";
import type { Tokenizer } from "../core/engine.ts";
import { FAMILIES, familyFiles } from "../engine/onnx/testing/families.ts";
import { createTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createChatTemplate } from "./chat-template.ts";
import { chooseTemplate } from "./choose-template.ts";
import { POLICY_SYSTEM } from "./prompt-conversation.ts";
import { ormAnswers, ormPrompt } from "./prompt-orm.ts";
import {
  actionTokens,
  policyPrompt,
  responseText,
  stopTokens,
  valueAnswers,
  valuePrompt,
  VALUE_QUESTION,
} from "./prompt.ts";

/** What ends a reply, and what precedes the first token of a generation, in each family's published template. */
const EXPECTED = {
  "llama3.1": { end: "<|eot_id|>", cue: "<|start_header_id|>assistant<|end_header_id|>\n\n", system: true },
  "qwen2.5": { end: "<|im_end|>", cue: "<|im_start|>assistant\n", system: true },
  qwen3: { end: "<|im_end|>", cue: "<|im_start|>assistant\n<think>\n\n</think>\n\n", system: true },
  "mistral-nemo": { end: "</s>", cue: "[/INST]", system: false },
  gemma3: { end: "<end_of_turn>", cue: "<start_of_turn>model\n", system: true },
  glm4: { end: "<|user|>", cue: "<|assistant|>", system: true },
  smollm2: { end: "<|im_end|>", cue: "<|im_start|>assistant\n", system: true },
  mistral: { end: "</s>", cue: "[/INST]", system: false },
  "deepseek-r1": {
    end: "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",
    cue: "<think>\n\n</think>\n\n",
    system: true,
  },
} as const;

describe.each(FAMILIES)("%s", async (family) => {
  const { tokenizer: json, config, endTokens } = await familyFiles(family);
  const own = createTokenizer(json, config);
  const source = {
    source: config["chat_template"] as string,
    variables: { bos_token: textOf(config["bos_token"]), eos_token: textOf(config["eos_token"]) },
    name: family,
  };
  const tokenizer: Tokenizer = {
    ...own,
    endTokens: endTokens.map((token) => own.idOf(token)!),
    chatTemplate: source,
  };
  const { end, cue, system } = EXPECTED[family];
  const options = { tokenizer, contextTokens: 8192, maxNewTokens: 96, template: "chat" } as const;
  const special = new Set(
    json.added_tokens.filter(({ content }) => content.trim() !== "").map(({ id }) => id),
  );
  const specials = (tokens_T: readonly number[]) => tokens_T.filter((token) => special.has(token));

  /** What the template makes of the same messages: its text, encoded with its special tokens. */
  const reference = (messages: ChatMessage[]) => {
    const [first, ...rest] = messages;
    const given = system
      ? messages
      : [{ role: "user" as const, content: `${first!.content}\n\n${rest[0]!.content}` }, ...rest.slice(1)];
    const text = createChatTemplate(source).render(given, { variables: { enable_thinking: false } });
    // Thoughts that a template opens are closed, and those that it takes out of past replies are empty.
    return own.encode(family === "deepseek-r1" ? `${text.trimEnd()}\n\n</think>\n\n` : text);
  };

  it("is read in its own conversation format, token for token as its chat template writes it", () => {
    const harmless = fc
      .string({ unit: "grapheme", maxLength: 60 })
      .map((text) =>
        text
          .replace(/[<>[\]\u2581]/g, "")
          .normalize("NFC")
          .trim(),
      )
      .filter((text) => text !== "");
    fc.assert(
      fc.property(harmless, fc.array(harmless, { maxLength: 3 }), harmless, (task, replies, page) => {
        const messages: ChatMessage[] = [
          { role: "system", content: `${POLICY_SYSTEM}\n\nTask: ${task}` },
          ...replies.flatMap((content): ChatMessage[] => [
            { role: "user", content: "(an earlier page)" },
            { role: "assistant", content },
          ]),
          { role: "user", content: `${page}\n\nTask: ${task}` },
        ];
        const history = replies.map((response) => ({ response }));
        expect(policyPrompt({ ...options, instruction: task, history, observation: page })).toEqual(
          reference(messages),
        );
      }),
      { numRuns: 25 },
    );
  });

  it("a page, an instruction or a reply that writes every special token writes none", () => {
    const evil = json.added_tokens.map(({ content }) => content);
    const says = (text: string) => ({
      ...options,
      contextTokens: 200_000,
      instruction: text,
      history: [{ response: text }],
      observation: text,
    });
    const few = [end, ...evil.slice(0, 40), ...evil.slice(-40), "<unk>", "</s>", "[gMASK]", "<think>"].join(
      " a ",
    );
    const clean = specials(policyPrompt(says("harmless")));
    expect(specials(policyPrompt(says(few)))).toEqual(clean);
    expect(specials(ormPrompt({ ...says(few), responses: [few], page: few }))).toEqual(
      specials(ormPrompt({ ...says("x"), responses: ["x"], page: "x" })),
    );
    for (const token of [...evil.slice(0, 40), ...evil.slice(-40)].filter((text) => text.trim() !== "")) {
      expect(specials(tokenizer.encode([{ plain: token }]))).toEqual([]);
      expect(specials(tokenizer.encode(["x", { plain: token }, end]))).toEqual([own.idOf(end)]);
    }
    expect(specials(actionTokens(tokenizer, few, "chat"))).toEqual([own.idOf(end)]);
    // Nothing is lost but what normalisation takes.
    expect(tokenizer.decode(tokenizer.encode([{ plain: few }])).replaceAll(" ", "")).toBe(
      few.normalize("NFC").replaceAll(" ", ""),
    );
  });

  it("stops at the end of the turn and wherever its files say", () => {
    expect(stopTokens(tokenizer, "chat")).toEqual([
      ...new Set([own.idOf(end), ...endTokens.map((token) => own.idOf(token))]),
    ]);
    const action_T = actionTokens(tokenizer, 'do(action="Click", element="link A")', "chat");
    expect(action_T.at(-1)).toBe(own.idOf(end));
    expect(responseText(tokenizer.decode(action_T.slice(0, -1)), "chat")).toBe(
      'do(action="Click", element="link A")',
    );
  });

  it("an action is the tokens that it has in the next turn's prompt", () => {
    const [response, page] = ['do(action="Click", element="link A")', "Orders"];
    const next = policyPrompt({ ...options, instruction: "Go", history: [{ response }], observation: page });
    const action_T = actionTokens(tokenizer, response, "chat");
    expect(next.join()).toContain(action_T.join());
  });

  it("critic and reward model answer YES or NO where the reply begins", () => {
    const input = { ...options, instruction: "Go", history: [], observation: "Orders", maxNewTokens: 8 };
    const policy_T = policyPrompt(input);
    expect(tokenizer.decode(policy_T).endsWith(cue)).toBe(true);
    expect(valuePrompt(input)).toEqual([...policy_T, ...tokenizer.encode(VALUE_QUESTION)]);
    for (const { yes, no } of [valueAnswers(tokenizer), ormAnswers(tokenizer, "chat")]) {
      expect(tokenizer.decode([yes]).trim()).toMatch(/^Y/);
      expect(tokenizer.decode([no]).trim()).toMatch(/^N/);
    }
    const orm_T = ormPrompt({ ...options, instruction: "Go", responses: ["exit()"], page: "Orders" });
    expect(tokenizer.decode(orm_T).trimEnd().endsWith(cue.trimEnd())).toBe(true);
  });

  it("is what auto chooses", () => {
    expect(chooseTemplate(tokenizer, "auto")).toBe("chat");
  });
});

function textOf(token: unknown): string {
  return typeof token === "string" ? token : ((token as { content?: string } | null)?.content ?? "");
}
