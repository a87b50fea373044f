/** @file Keeps the live part of an operator's page up to date. Without this script, the page stays as it was loaded. */

const mark = document.querySelector(".live");
const id = /^\/operator\/c\/([0-9a-f]{16})$/.exec(location.pathname)?.[1] ?? "";
let isLoading = false;
let isStale = false;

async function refresh(): Promise<void> {
  // Does not interrupt somebody who is writing a note: the next change is shown once the field is free.
  const live = document.getElementById("live");
  const isWriting =
    live?.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement;
  if (isLoading || !live || isWriting) {
    isStale = true;
    return;
  }
  isLoading = true;
  isStale = false;
  try {
    const response = await fetch(`${location.pathname}?part=live`);
    if (response.ok && !response.redirected) {
      const next = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("live");
      if (next) replaceLive(live, document.adoptNode(next));
    }
  } finally {
    isLoading = false;
    if (isStale) void refresh();
  }
}

/** The focus stays where it was, and screen readers announce what waits for somebody. */
function replaceLive(live: HTMLElement, next: HTMLElement): void {
  const focused = live.contains(document.activeElement) ? document.activeElement : null;
  live.replaceWith(next);
  if (focused) findSame(focused, next)?.focus();
  const news = document.getElementById("news");
  const waits = next.dataset["waits"] ?? "";
  if (news && news.textContent !== waits) news.textContent = waits;
}

/** Finds the same link, or the same button of the same form: an answer must never move to another question. */
function findSame(element: Element, within: HTMLElement): HTMLElement | null {
  const formOf = (each: Element) => each.closest("form")?.innerHTML;
  return (
    [...within.querySelectorAll<HTMLElement>(element.tagName)].find(
      (each) =>
        ["href", "name", "value"].every((name) => each.getAttribute(name) === element.getAttribute(name)) &&
        formOf(each) === formOf(element),
    ) ?? null
  );
}

if (mark && document.getElementById("live")) {
  const events = new EventSource("/operator/events");
  const showConnected = (is: boolean) => {
    mark.classList.toggle("on", is);
    mark.textContent = is ? "connected" : "not connected";
  };
  events.addEventListener("open", () => showConnected(true));
  events.addEventListener("error", () => showConnected(false));
  events.addEventListener("change", (event) => {
    if (event.data === "" || id === "" || event.data === id) void refresh();
  });
  document.addEventListener("focusout", () => {
    if (isStale) setTimeout(() => void refresh(), 0);
  });
}
