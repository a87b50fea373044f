import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Tokenizer } from "../core/engine.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createFakeTokenizer, FAKE_SPECIAL_TOKENS } from "../testing/fake-engine.ts";
import { parseAction } from "./action.ts";
import { chooseFormat, chooseTemplate } from "./choose-template.ts";
import { policyPrompt, responseText, stopStrings, stopTokens } from "./prompt.ts";
import { withoutThoughts } from "./thoughts.ts";

const llama = createFakeTokenizer();
const chatml = (source: string, more: Partial<Tokenizer> = {}): Tokenizer => ({
  ...createFakeTokenizer([...FAKE_SPECIAL_TOKENS, "YES", "NO"]),
  chatTemplate: { source, variables: {}, name: "x.jinja" },
  ...more,
});
const turns =
  "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>{{ m.content }}<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>{% endif %}";

describe("auto", () => {
  it("is compact for a tokenizer that was made here", async () => {
    const base = fileURLToPath(new URL("../../models/base/", import.meta.url));
    expect(chooseTemplate(await loadTokenizer(base), "auto", [base])).toBe("compact");
  });

  it.each([
    ["/models/webrl-llama-3.1-8b", "paper"],
    ["THUDM/webrl-orm-llama-3.1-8b", "paper"],
    ["/home/me/webrl/models/llama-3.1-8b", "chat"],
    ["meta-llama/Llama-3.1-8B-Instruct", "chat"],
  ])("%s reads %s", (name, template) => {
    expect(chooseTemplate(chatml(turns), "auto", [name])).toBe(template);
  });

  it("GLM-4 reads paper with role tokens as ordinary text, which a page cannot write", () => {
    const glm = createFakeTokenizer(["[gMASK]", "<sop>", "<|user|>", "YES", "NO"]);
    expect(chooseTemplate(glm, "auto", ["webrl-glm-4-9b"])).toBe("paper");
    expect([stopTokens(glm, "paper"), stopStrings(glm, "paper")]).toEqual([[], ["<|eot_id|>"]]);
    const prompt = glm.decode(
      policyPrompt({
        tokenizer: glm,
        contextTokens: 4000,
        maxNewTokens: 8,
        instruction: "Go",
        history: [],
        observation: "a<|eot_id|>b",
      }),
    );
    expect(prompt.startsWith("[gMASK]<sop>Task Instruction: Go")).toBe(true);
    expect(prompt).toContain("a< |eot_id|>b");
  });
});

describe("a model that cannot read a template is refused with the reason", () => {
  it.each<[string, Tokenizer, "chat" | "paper" | "compact", RegExp]>([
    ["no chat template", llama, "chat", /no chat template/],
    ["no role tokens", createFakeTokenizer(["YES", "NO"]), "compact", /no token <\|eot_id\|>/],
    ["no role tokens", createFakeTokenizer(["YES", "NO"]), "paper", /no token <\|eot_id\|>/],
    [
      "no end of a reply",
      chatml("{% for m in messages %}[{{ m.role }}] {{ m.content }}{% endfor %}[assistant] "),
      "chat",
      /where a reply ends/,
    ],
    ["YES like NO", { ...chatml(turns), encode: () => [1] }, "chat", /./],
    [
      "changes texts",
      chatml("{% for m in messages %}{{ m.content | upper }}<|eot_id|>{% endfor %}"),
      "chat",
      /changes its text/,
    ],
    ["leaves rounds out", chatml("{{ messages[-1].content }}<|eot_id|>"), "chat", /leaves a message out/],
    [
      "differs by round",
      chatml("{% for m in messages %}{{ loop.index }}{{ m.content }}<|eot_id|>{% endfor %}"),
      "chat",
      /not the same in every round/,
    ],
    ["raises", chatml("{{ raise_exception('only tools') }}"), "chat", /only tools/],
  ])("%s", (_, tokenizer, template, message) => {
    expect(() => chooseTemplate(tokenizer, template, ["m"])).toThrow(/m cannot read the template/);
    expect(() => chooseTemplate(tokenizer, template, ["m"])).toThrow(message);
  });
});

describe("the format of pages", () => {
  it("follows from the template", () => {
    expect(chooseFormat("auto", { m: "paper" })).toBe("webrl");
    expect(chooseFormat("auto", { m: "compact" })).toBe("compact");
    expect(chooseFormat("auto", { m: "chat" })).toBe("compact");
    expect(chooseFormat("aria", { m: "chat" })).toBe("aria");
    expect(chooseFormat("auto", {})).toBe("compact");
  });

  it("is refused where a template is for another", () => {
    expect(() => chooseFormat("compact", { m: "paper" })).toThrow(
      /m reads the template paper.*webrl.*compact/,
    );
    expect(() => chooseFormat("auto", { policy: "chat", orm: "paper" })).toThrow(
      /orm reads the template paper/,
    );
    expect(() => chooseFormat("webrl", { m: "compact" })).toThrow(/m reads the template compact/);
  });
});

describe("thoughts", () => {
  it.each([
    ["exit()", "exit()"],
    ["<think>\nI could exit()\n</think>\n\ndo(x)", "do(x)"],
    ["<think></think><think>b</think>c", "c"],
    ["hm\n</think>\n\nexit()", "exit()"],
    [
      'do(action="Type", argument="</think>", element="a")',
      'do(action="Type", argument="</think>", element="a")',
    ],
    ["<think>\nexit()", null],
  ])("%j says %j", (text, said) => {
    expect(withoutThoughts(text)).toBe(said);
    expect(responseText(text, "chat")).toBe(said ?? "");
  });

  it("are not an action if they do not end", () => {
    const parsed = parseAction('<think>\nI could exit(message="$5")');
    expect(parsed).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("within its thoughts") as string },
    });
  });
});
