/**
 * @file What an agent can do: the WebRL action grammar (reference: the paper's prompt and its released
 * evaluation code). Parsed from and printed to model text by `text/action.ts`.
 */

/** Refers to an element of the current observation: a label number (`webrl`, `aria`) or its words (`compact`). */
export type ElementName = string;

export type Action =
  | { kind: "click" | "right_click" | "hover"; element: ElementName }
  /** Replaces the field's text; no Enter. */
  | { kind: "type"; element: ElementName; text: string }
  /** Type, then Enter. */
  | { kind: "search"; element: ElementName; text: string }
  /** Chooses the option whose text is `text`, else the first one that contains it, ignoring case. */
  | { kind: "select"; element: ElementName; text: string }
  /** Two thirds of the viewport height. */
  | { kind: "scroll_up" | "scroll_down" }
  | { kind: "press_enter" | "wait" | "go_backward" | "go_forward" }
  /** `tab` counts from 0. */
  | { kind: "switch_tab"; tab: number }
  /** Ends the episode; `message` is the answer and may be empty. */
  | { kind: "exit"; message: string };

export type ActionKind = Action["kind"];

/** The agent's own mistakes. They become the next observation's `error`, never an exception. */
export type ActionErrorCode =
  | "parse_error"
  | "unknown_action"
  | "unknown_element"
  | "ambiguous_element"
  | "not_actionable"
  | "blocked";

export interface ActionError {
  code: ActionErrorCode;
  /** One sentence that the model reads. */
  message: string;
}

export type ParsedAction =
  | { ok: true; action: Action; comments: string[] }
  | { ok: false; error: ActionError; comments: string[] };
