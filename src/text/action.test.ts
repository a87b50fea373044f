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

  it("keeps the digits of a number as they were written", () => {
    for (const written of [
      "000000299",
      "24.00",
      "12345678901234567890",
      "-0.10",
      "1e5",
      ".50",
      "1_000",
      "True",
    ])
      expect(parsed(`exit(message=${written})`)).toEqual({ kind: "exit", message: written });
    expect(parsed('do(action="Type", argument=007, element=3)')).toEqual({
      kind: "type",
      text: "007",
      element: "3",
    });
  });

  it.each([
    "Note (x): the price is $3.",
    "Thought (1/2): I should do (or try) something.",
    "**Note:** one",
    "do (this):",
    "exit (the program) later",
    "click(x) would be wrong",
    "<think>\nShould I?\ndo(action='Wait')\nNo.\n</think>",
    "I tried do(1)\n</think>",
    "```python",
    "# Note: a line\nprint(1)",
  ])("passes over %j before the call", (prose) => {
    expect(parsed(`${prose}\ndo(action="Click", element="link A")`)).toEqual({
      kind: "click",
      element: "link A",
    });
  });

  it("takes the call behind a label, a list mark or bold print where no line begins with one", () => {
    for (const line of ["Action: ", "**Action:** ", "- ", "1. ", "> ", "Next action: `"])
      expect(parsed(`Thinking.\n${line}do(action="Wait")${line.endsWith("`") ? "`" : ""}`)).toEqual({
        kind: "wait",
      });
    expect(parsed('Answer: exit(message="1")\nexit(message="2")')).toEqual({ kind: "exit", message: "2" });
  });

  it("reads keys under Playwright's names and the common others", () => {
    const keys = (argument: string) => {
      const action = parsed(`do(action="Press", argument="${argument}")`);
      return action.kind === "press" && action.keys;
    };
    expect(keys("Escape")).toBe("Escape");
    expect(keys("ctrl+a Delete")).toBe("Control+A Delete");
    expect(keys("Control + Shift + z, Esc")).toBe("Control+Shift+Z Escape");
    expect(keys("Ctrl-Enter Page Down arrow left")).toBe("Control+Enter PageDown ArrowLeft");
    expect(keys("shift+ctrl+end a A + Control++ F5")).toBe("Control+Shift+End a A + Control++ F5");
    expect(parsed('do(action="Press Escape")')).toEqual({ kind: "press", keys: "Escape" });
    expect(parsed('do(action="Press", argument="ArrowUp", element="slider Volume")')).toEqual({
      kind: "press",
      keys: "ArrowUp",
      element: "slider Volume",
    });
    expect(parsed('do(action="Press Enter", element="3")')).toEqual({ kind: "press_enter" });
    for (const wrong of [
      "",
      "Hello",
      "Control",
      "Control+",
      "Control+Nothing",
      "constructor+a",
      "é",
      "a ".repeat(101),
    ])
      expect(failure(`do(action="Press", argument="${wrong}")`).message).toContain("keys such as");
  });

  it("reads where to drag, and what to draw", () => {
    const drag = (argument: string) => parsed(`do(action="Drag", argument="${argument}", element="5")`);
    expect(drag("listitem B")).toEqual({ kind: "drag", to: "listitem B", element: "5" });
    expect(drag("12")).toEqual({ kind: "drag", to: "12", element: "5" });
    expect(drag("(120, -5)")).toEqual({ kind: "drag", to: [120, -5], element: "5" });
    const draw = (argument: string) => parsed(`do(action="Draw", argument="${argument}", element="5")`);
    for (const points of ["10,20 30.5,40", "(10, 20), (30.5, 40)", "10,20 -> 30.5,40", "[[10,20],[30.5,40]]"])
      expect(draw(points)).toEqual({
        kind: "draw",
        points: [
          [10, 20],
          [30.5, 40],
        ],
        element: "5",
      });
    expect(failure('do(action="Draw", argument="a line", element="5")').message).toContain("points such as");
  });

  it("reads an element only where it is given to actions that can do without", () => {
    expect(parsed('do(action="Scroll Down", element="listbox Cities")')).toEqual({
      kind: "scroll_down",
      element: "listbox Cities",
    });
    for (const none of ["", ", element=None", ', element=" "'])
      expect(parsed(`do(action="Scroll Left"${none})`)).toEqual({ kind: "scroll_left" });
    expect(parsed('do(action="Insert", argument="x")')).toEqual({ kind: "insert", text: "x" });
  });

  it("reads several options from a list", () => {
    const action = { kind: "select_options", texts: ["Red", "Green, light", "3"], element: "5" };
    for (const name of ["Select Options", "Select Dropdown Option"])
      expect(parsed(`do(action="${name}", argument=["Red", 'Green, light', 3], element="5")`)).toEqual(
        action,
      );
    expect(failure('do(action="Type", argument=["a"], element="5")').message).toContain("not a list");
    expect(failure(`exit(message=${"[".repeat(1e5)})`).message).toContain("quoted string");
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
  const maybeElement = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.oneof(fc.record(fields), fc.record({ ...fields, element }));
  const point = fc.tuple(fc.integer({ min: -9999, max: 9999 }), fc.nat(9999));
  const chord = fc
    .tuple(
      fc.subarray(["Control", "Shift", "Alt", "Meta"]),
      fc.constantFrom("A", "Z", "7", "+", ",", "-", "#", "Enter", "PageDown", "ArrowLeft", "F12", "Space"),
    )
    .map(([modifiers, key]) => [...modifiers, key].join("+"));
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.record({ kind: fc.constantFrom("click", "double_click", "right_click", "hover"), element }),
    fc.record({ kind: fc.constantFrom("type", "search", "select"), element, text }),
    maybeElement({ kind: fc.constantFrom("insert", "select_text"), text }),
    fc.record({ kind: fc.constant("select_options"), element, texts: fc.array(text) }),
    maybeElement({ kind: fc.constantFrom("scroll_up", "scroll_down", "scroll_left", "scroll_right") }),
    maybeElement({
      kind: fc.constant("press"),
      keys: fc.array(chord, { minLength: 1 }).map((all) => all.join(" ")),
    }),
    fc.record({
      kind: fc.constant("drag"),
      element,
      to: fc.oneof(
        point,
        element.map((name) => `link ${name}`),
      ),
    }),
    fc.record({ kind: fc.constant("draw"), element, points: fc.array(point, { minLength: 1 }) }),
    fc.record({ kind: fc.constantFrom("press_enter", "wait", "go_backward", "go_forward") }),
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
