/**
 * @file Names of keys as `Press` takes them: Playwright's (`Control+A`, `ArrowDown`), one or several with spaces
 * between. Other common names are understood and turned into these.
 */

const MODIFIERS = new Map([
  ["control", "Control"],
  ["ctrl", "Control"],
  ["controlormeta", "Control"],
  ["shift", "Shift"],
  ["alt", "Alt"],
  ["option", "Alt"],
  ["meta", "Meta"],
  ["cmd", "Meta"],
  ["command", "Meta"],
  ["win", "Meta"],
]);

/** Keys with a name; every printable ASCII character but the space is a key by itself. */
const NAMED =
  "Enter Escape Tab Space Backspace Delete Insert Home End PageUp PageDown ArrowUp ArrowDown ArrowLeft ArrowRight ContextMenu F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12".split(
    " ",
  );

const KEYS = new Map<string, string>([
  ...NAMED.map((name) => [name.toLowerCase(), name] as const),
  ...Object.entries({
    esc: "Escape",
    return: "Enter",
    spacebar: "Space",
    del: "Delete",
    ins: "Insert",
    up: "ArrowUp",
    down: "ArrowDown",
    left: "ArrowLeft",
    right: "ArrowRight",
    uparrow: "ArrowUp",
    downarrow: "ArrowDown",
    leftarrow: "ArrowLeft",
    rightarrow: "ArrowRight",
    pgup: "PageUp",
    pgdn: "PageDown",
    plus: "+",
  }),
]);

/** What an agent is told if it names no key. */
export const KEY_EXAMPLES = "Escape, Tab, ArrowDown, PageDown, Control+A, Shift+Tab, Control+Enter";

/** More would be typing. */
const MAX_KEYS = 100;

/** The keys in canonical form, joined by single spaces; `null` if one of them is not a key. */
export function readKeys(written: string): string | null {
  const keys = written
    .trim()
    // `Control + A`, `Ctrl-A`; a modifier alone is not a key here.
    .replace(/\b(control|ctrl|shift|alt|option|meta|cmd|command|win)(?:\s*\+\s*|-)(?=\S)/gi, "$1+")
    // Two words that are one name: `Page Down`, `Arrow Left`.
    .replace(/\b(page|arrow)[ _-](up|down|left|right)\b/gi, "$1$2")
    // `Control+A, Delete`
    .replace(/(?<=\w),(?=\s)/g, "")
    .split(/\s+/)
    .map(readChord);
  return keys.length > MAX_KEYS || keys.includes(null) ? null : keys.join(" ");
}

/** `ctrl+a` as `Control+A`. */
function readChord(written: string): string | null {
  const plus = written === "+" || written.endsWith("++");
  const names = (plus ? written.slice(0, -1) : written).split("+").filter((name) => name !== "" || !plus);
  const last = plus ? "+" : names.pop()!;
  const key = /^[!-~]$/.test(last) ? last : KEYS.get(last.toLowerCase());
  const held = names.map((name) => MODIFIERS.get(name.toLowerCase()));
  if (key === undefined || held.includes(undefined)) return null;
  const modifiers = ["Control", "Shift", "Alt", "Meta"].filter((modifier) => held.includes(modifier));
  return [...modifiers, modifiers.length > 0 && key.length === 1 ? key.toUpperCase() : key].join("+");
}
