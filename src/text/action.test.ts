import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Action } from "../core/action.ts";
import { parseAction, printAction } from "./action.ts";

const parsed = (text: string): Action => {
  const result = parseAction(text);
  if (!result.ok) throw new Error(result.error.message);
  return result.action;
};
const failure = (text: string) => {
  const result = parseAction(text);
  if (result.ok) throw new Error(`parsed as ${JSON.stringify(result.action)}`);
  return result.error;
};

describe("parseAction", () => {
  it("reads the calls of the paper's prompt", () => {
    expect(parsed('do(action="Click", element="link Orders")')).toEqual({
      kind: "click",
      element: "link Orders",
    });
    expect(parsed('do(action="Type", argument="lee", element="12")')).toEqual({
      kind: "type",
      text: "lee",
      element: "12",
    });
    expect(parsed("do(action='Scroll Down')")).toEqual({ kind: "scroll_down" });
    expect(parsed('do(action="Switch Tab", argument="1")')).toEqual({ kind: "switch_tab", tab: 1 });
    expect(parsed('exit(message="$24.00")')).toEqual({ kind: "exit", message: "$24.00" });
    expect(parsed("exit()")).toEqual({ kind: "exit", message: "" });
  });

  it("reads both forms of going back and forward", () => {
    for (const text of ["go_backward()", 'do(action="Go Backward")'])
      expect(parsed(text)).toEqual({ kind: "go_backward" });
    for (const text of ["go_forward()", 'do(action="go  forward")'])
      expect(parsed(text)).toEqual({ kind: "go_forward" });
  });

  it("accepts a number where a string is meant, positional arguments and a code fence", () => {
    expect(parsed('do(action="Click", element=25)')).toEqual({ kind: "click", element: "25" });
    expect(parsed('do("Search", "blue lamp", "3")')).toEqual({
      kind: "search",
      text: "blue lamp",
      element: "3",
    });
    expect(parsed('```python\nexit(message="x")\n```')).toEqual({ kind: "exit", message: "x" });
  });

  it("keeps comments and allows calls inside strings", () => {
    const result = parseAction(
      '# Element: the link\n# Note: total is 3\ndo(action="Type", argument="exit(1) do(2)\\n\\"q\\"", element="5")',
    );
    expect(result).toEqual({
      ok: true,
      action: { kind: "type", text: 'exit(1) do(2)\n"q"', element: "5" },
      comments: ["Element: the link", "Note: total is 3"],
    });
  });

  it("decodes Python's escapes and leaves unknown ones alone", () => {
    expect(parsed(String.raw`exit(message='\x41\u00e9\U0001F600\101\q\'')`)).toEqual({
      kind: "exit",
      message: "Aé😀A\\q'",
    });
  });

  it.each([
    ["", "parse_error", "no action found"],
    ["I would click the link.", "parse_error", "no action found"],
    ['do(action="Click"', "parse_error", "expected ,"],
    ['do(action="Click)', "parse_error", "never ends"],
    ['do(action="Click")', "parse_error", "needs element"],
    ['do(action="Type", element="3")', "parse_error", "needs argument"],
    ['do(element="3")', "parse_error", "needs action"],
    ['do(action="Dance", element="3")', "unknown_action", "unknown action"],
    ['do(action="Switch Tab", argument="two")', "parse_error", "tab number"],
    ['quote(content="x")', "unknown_action", "unknown call"],
    ['exit(message="a")\nexit(message="b")', "parse_error", "one action a turn"],
    ['exit(message="a" + "b")', "parse_error", "expected ,"],
    ['exit(message=open("/etc/passwd"))', "parse_error", "quoted string"],
    ['exit(colour="red")', "parse_error", "no argument"],
    ['exit("a", message="b")', "parse_error", "given twice"],
    [String.raw`exit(message="\UFFFFFFFF")`, "parse_error", "not a character"],
    ["__proto__()", "unknown_action", "unknown call"],
    ["constructor()", "unknown_action", "unknown call"],
  ])("says what is wrong with %j", (text, code, words) => {
    const error = failure(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it("never throws, whatever the text", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "do(",
        "exit(",
        "go_backward()",
        'action="Click"',
        "element=",
        '"',
        "'",
        '"""',
        "\\",
        "\\x",
        "\\u12",
        "\\U",
        "\n",
        "#",
        ",",
        ")",
        "=",
        "```",
        "__proto__",
        "constructor=",
        "${process.exit()}",
        "\u2028",
        "\ud800",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const result = parseAction(pieces.join(""));
        if (!result.ok) expect(result.error.message).not.toBe("");
      }),
      { numRuns: 3000 },
    );
  });

  it("takes time linear in the text", () => {
    const started = performance.now();
    for (const text of [
      "do(".repeat(2e5),
      `do(action="${"\\".repeat(1e6)}`,
      "#\n".repeat(3e5),
      "a".repeat(1e6),
    ])
      parseAction(text);
    // Quadratic behaviour on these lengths takes minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("printAction", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
  const element = text.filter((name) => name.trim() !== "");
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.record({ kind: fc.constantFrom("click", "right_click", "hover"), element }),
    fc.record({ kind: fc.constantFrom("type", "search", "select"), element, text }),
    fc.record({
      kind: fc.constantFrom("scroll_up", "scroll_down", "press_enter", "wait", "go_backward", "go_forward"),
    }),
    fc.record({ kind: fc.constant("switch_tab" as const), tab: fc.nat(999) }),
    fc.record({ kind: fc.constant("exit" as const), message: text }),
  ) as fc.Arbitrary<Action>;

  it("is undone by parseAction, also with lone surrogates and control characters", () => {
    fc.assert(
      fc.property(action, (value) => {
        expect(parsed(printAction(value))).toEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  it("prints comments as lines that parse back, and cannot be tricked into a second call", () => {
    const printed = printAction({ kind: "wait" }, ['Element: a\nexit(message="x")', "Note: b"]);
    expect(printed).toBe('# Element: a\n# exit(message="x")\n# Note: b\ndo(action="Wait")');
    expect(parseAction(printed)).toEqual({
      ok: true,
      action: { kind: "wait" },
      comments: ["Element: a", 'exit(message="x")', "Note: b"],
    });
  });
});
