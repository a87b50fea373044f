/**
 * @file The clipboard of an episode. The browser has only one for all its pages, which may even be the machine's. So
 * what a page copies is noted here as well, and a page always pastes what its own episode copied.
 */

import { active } from "./fields.ts";
import { copyEventOf } from "./copy-hook.ts";
import { isEditable } from "./native.ts";
import { isField } from "./role.ts";

export interface Clip {
  text: string;
  html: string;
}

/** Globals of the world: the page script may run twice in it, first in the empty document that a window begins with. */
const world = globalThis as unknown as {
  /** What will be pasted; put here before the keys are pressed. */
  webrlClip?: Clip;
  /** A binding of the session that this world belongs to. */
  webrlCopied?: (json: string) => void;
};

/** Marks a document that we listen to; only this world sees the mark. */
const LISTENING = Symbol.for("webrl");

export function setClip(next: Clip): null {
  world.webrlClip = next;
  return null;
}

function readSelection(): Clip {
  const at = active();
  if (at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement) {
    const text = at.value.slice(at.selectionStart ?? 0, at.selectionEnd ?? 0);
    return { text: at instanceof HTMLInputElement && at.type === "password" ? "" : text, html: "" };
  }
  const selection = getSelection();
  if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return { text: "", html: "" };
  const holder = document.createElement("div");
  holder.append(selection.getRangeAt(0).cloneContents());
  return { text: selection.toString(), html: holder.innerHTML };
}

function listen(): void {
  let about: Clip | null = null;
  for (const kind of ["copy", "cut"] as const) {
    // A cut removes what it copies before the event has bubbled.
    addEventListener(kind, () => (about = readSelection()), true);
    addEventListener(kind, (event) => {
      const given = event.clipboardData;
      const copied =
        event.defaultPrevented && given
          ? { text: given.getData("text/plain"), html: given.getData("text/html") }
          : about;
      about = null;
      if (copied && (copied.text !== "" || copied.html !== "")) world.webrlCopied?.(JSON.stringify(copied));
    });
  }
  addEventListener("paste", paste, true);
}

/** Gives the page the episode's clipboard instead of the browser's. */
function paste(event: ClipboardEvent): void {
  if (!event.isTrusted) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { text, html } = world.webrlClip!;
  const data = new DataTransfer();
  if (text !== "") data.setData("text/plain", text);
  if (html !== "") data.setData("text/html", html);
  const own = new ClipboardEvent("paste", {
    clipboardData: data,
    bubbles: true,
    cancelable: true,
    composed: true,
  });
  if (!(event.target as EventTarget).dispatchEvent(own)) return;
  const at = active();
  if (text === "" || !at) return;
  if (html !== "" && isEditable(at)) document.execCommand("insertHTML", false, html);
  else if (isField(at) || isEditable(at)) document.execCommand("insertText", false, text);
}

world.webrlClip ??= { text: "", html: "" };
if (!(LISTENING in document)) {
  Object.defineProperty(document, LISTENING, { value: true });
  listen();
}

/** `key` is the one that `copy-hook.ts` has. */
export function connectClipboard(key: string): void {
  document.addEventListener(copyEventOf(key), (event) => {
    event.stopImmediatePropagation();
    world.webrlCopied?.(JSON.stringify({ text: String((event as CustomEvent).detail), html: "" }));
  });
}
