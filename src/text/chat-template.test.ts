import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createChatTemplate, defaultChatTemplate, readChatTemplate } from "./chat-template.ts";

const messages = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Price?" },
] as const;

const make = (source: string, variables: Record<string, string> = {}) =>
  createChatTemplate({ source, variables, name: "x.jinja" });

describe("chat templates", () => {
  it("the default one prints Llama 3's turns and the cue for the reply", () => {
    const template = make(defaultChatTemplate, { bos_token: "<|begin_of_text|>" });
    const turns =
      "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>" +
      "<|start_header_id|>user<|end_header_id|>\n\nPrice?<|eot_id|>";
    expect(template.render(messages)).toBe(`${turns}<|start_header_id|>assistant<|end_header_id|>\n\n`);
    expect(template.render(messages, { addGenerationPrompt: false })).toBe(turns);
  });

  it("gives every day the same prompt", () => {
    const template = make("{{ strftime_now('%d %b %Y') }}|{{ strftime_now('%Y-%m-%d') }}");
    expect(template.render([])).toBe("26 Jul 2024|2024-07-26");
  });

  it("refuses a template that makes a book of a message", () => {
    const template = make(
      "{% set ns = namespace(x='and so on') %}{% for i in range(18) %}{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    );
    expect(() => template.render(messages)).toThrow(/x\.jinja cannot render.*characters/);
  });

  it("passes variables on", () => {
    const template = make("{% if enable_thinking %}think{% else %}no{% endif %}");
    expect(template.render([], { variables: { enable_thinking: true } })).toBe("think");
  });

  it("names the template that is broken or refuses", () => {
    expect(() => make("{% if %}")).toThrow(/x\.jinja cannot be parsed/);
    const strict = make("{{ raise_exception('no system role') }}");
    expect(() => strict.render(messages)).toThrow(/x\.jinja cannot render.*no system role/);
  });
});

describe("readChatTemplate", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "webrl-template-"));
  });
  afterEach(() => rm(directory, { recursive: true }));
  const config = (value: object) =>
    writeFile(join(directory, "tokenizer_config.json"), JSON.stringify(value));
  const rendered = async () => createChatTemplate((await readChatTemplate(directory))!).render([]);

  it("takes the tokenizer's, with its tokens as text or as objects", async () => {
    await config({
      chat_template: "{{ bos_token }}{{ eos_token }}",
      bos_token: "<s>",
      eos_token: { content: "</s>" },
    });
    expect(await rendered()).toBe("<s></s>");
  });

  it("takes the default of several, and a file of its own before all", async () => {
    await config({
      chat_template: [
        { name: "tool_use", template: "T" },
        { name: "default", template: "D" },
      ],
    });
    expect(await rendered()).toBe("D");
    await writeFile(join(directory, "chat_template.jinja"), "F");
    expect(await rendered()).toBe("F");
  });

  it("is null where a model has none", async () => {
    expect(await readChatTemplate(directory)).toBeNull();
    await config({});
    expect(await readChatTemplate(directory)).toBeNull();
  });
});
