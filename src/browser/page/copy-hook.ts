/**
 * @file What a page copies with `navigator.clipboard` goes to the clipboard of its episode, like what it copies in
 * `copy` events (`clipboard.ts`). Runs in the page's own world before its scripts. The browser itself would refuse,
 * because the page lacks the permission, and it has one clipboard for all episodes. Reading stays refused: an agent
 * pastes with keys.
 */

/** Type of the event that carries a copied text from the page's world to ours. */
export const copyEventOf = (key: string): string => `${key}-copied`;

export function hookCopying(key: string): void {
  // Missing in contexts that are not secure.
  const prototype = (window as { Clipboard?: { prototype: Clipboard } }).Clipboard?.prototype;
  if (!prototype) return;
  const { document, CustomEvent, Promise: Promised, DOMException: Refusal } = window;
  const dispatch = document.dispatchEvent.bind(document);
  const activation = navigator.userActivation;
  const copy = (text: string): Promise<void> => {
    // Like the browser, only while the user does something.
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
