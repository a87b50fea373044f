/**
 * @file What an agent can do: the WebRL action grammar (reference: the paper's prompt and its released evaluation
 * code), and the other things that a person does on a page. `text/action.ts` parses and prints it.
 */

/** Refers to an element of the current observation: a label number (`webrl`, `aria`) or its words (`compact`). */
export type ElementName = string;

/** Offset in pixels to the right and down. */
export type Offset = [x: number, y: number];

/** What the agent does next on a page: one call of the action grammar. */
export type Action =
  | { kind: "click" | "double_click" | "right_click" | "hover"; element: ElementName }
  /** Replaces the field's text; no Enter. */
  | { kind: "type"; element: ElementName; text: string }
  /** Type, then Enter. */
  | { kind: "search"; element: ElementName; text: string }
  /**
   * Types over what is selected, or where the caret is. In an element: over what is selected in it, else at its end.
   * Without one: in what has the focus.
   */
  | { kind: "insert"; text: string; element?: ElementName }
  /** Selects a passage, in an element or anywhere on the page: to type over it, to copy it, to format it. */
  | { kind: "select_text"; text: string; element?: ElementName }
  /**
   * Chooses the option whose text is `text`, else the first one that contains it, ignoring case. A list that takes
   * several keeps what was chosen before.
   */
  | { kind: "select"; element: ElementName; text: string }
  /** Chooses exactly these options of a list that takes several; none of them: takes all back. */
  | { kind: "select_options"; element: ElementName; texts: string[] }
  /**
   * Scrolls by two thirds of what is visible of the element or of the pane that contains it; without an element, of the
   * page.
   */
  | { kind: "scroll_up" | "scroll_down" | "scroll_left" | "scroll_right"; element?: ElementName }
  /** Keys by Playwright's names (`Control+A`), with spaces between, pressed in the element or where the focus is. */
  | { kind: "press"; keys: string; element?: ElementName }
  /**
   * Drags it with the mouse from its middle, onto the middle of another element or by an offset in pixels. Text of the
   * page that names no element is dragged from, or dropped on, the place where it is.
   */
  | { kind: "drag"; element: ElementName; to: ElementName | Offset }
  /** Moves the pressed mouse through points, counted from the element's top left corner. One point is a click there. */
  | { kind: "draw"; element: ElementName; points: Offset[] }
  | { kind: "press_enter" | "wait" | "go_backward" | "go_forward" }
  /** `tab` counts from 0. */
  | { kind: "switch_tab"; tab: number }
  /** Ends the episode; `message` is the answer and may be empty. */
  | { kind: "exit"; message: string };

/** The kinds of actions, such as `click`. */
export type ActionKind = Action["kind"];

/** The agent's own mistakes. They become the next observation's `error`, never an exception. */
export type ActionErrorCode =
  | "parse_error"
  | "unknown_action"
  | "unknown_element"
  | "ambiguous_element"
  | "not_actionable"
  | "blocked";

/** The agent's own mistake with an action. It becomes the next observation's `error`. */
export interface ActionError {
  code: ActionErrorCode;
  /** One sentence that the model reads. */
  message: string;
}

/** A parsed response of a model: an action or what is wrong with it, and the comments before it. */
export type ParsedAction =
  | { ok: true; action: Action; comments: string[] }
  | { ok: false; error: ActionError; comments: string[] };
