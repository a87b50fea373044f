/**
 * @file What a page copies by `navigator.clipboard` goes to the clipboard of its episode, as what it copies by
 * `copy` events does (`clipboard.ts`). Runs in the page's own world before its scripts. The browser itself would refuse
 * it, for want of a permission, and has one clipboard for all episodes. Reading stays refused: an agent pastes by keys.
 */

/** Type of the event that carries a copied text from the page's world to ours. */
export const copyEventOf = (key: string): string => `${key}-copied`;

export function hookCopying(key: string): void {
  // Only secure contexts have it.
  const prototype = (window as { Clipboard?: { prototype: Clipboard } }).Clipboard?.prototype;
  if (!prototype) return;
  const { document, CustomEvent, Promise: Promised, DOMException: Refusal } = window;
  const dispatch = document.dispatchEvent.bind(document);
  const activation = navigator.userActivation;
  const copy = (text: string): Promise<void> => {
    // As the browser has it: only while the user does something.
    if (!activation.isActive)
      return Promised.reject(new Refusal("Write permission denied.", "NotAllowedError"));
    dispatch(new CustomEvent(copyEventOf(key), { detail: text }));
    return Promised.resolve();
  };
  const follow = (name: "writeText" | "write", write: (argument: never) => Promise<void>) => {
    const native = prototype[name] as (argument: never) => Promise<void>;
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: true,
      writable: true,
      value: new Proxy(native, { apply: (_target, _self, [argument]: [never]) => write(argument) }),
    });
  };
  follow("writeText", (text: string) => copy(`${text}`));
  follow("write", async (items: ClipboardItem[]) => {
    const item = items.find(({ types }) => types.includes("text/plain"));
    await copy(item ? await (await item.getType("text/plain")).text() : "");
  });
}
