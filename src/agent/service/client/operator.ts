/** @file Keeps the live part of an operator's page as it is on the server. Without it, the page is as it was when it was loaded. */

const mark = document.querySelector(".live");
const id = /^\/operator\/c\/([0-9a-f]{16})$/.exec(location.pathname)?.[1] ?? "";
let isLoading = false;
let isStale = false;

async function refresh(): Promise<void> {
  // Whoever is writing a note is not interrupted: the next change finds the field free.
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

/** The focus stays on what had it, and what waits for somebody is said to those who do not see it. */
function replaceLive(live: HTMLElement, next: HTMLElement): void {
  const focused = live.contains(document.activeElement) ? document.activeElement : null;
  live.replaceWith(next);
  if (focused) findSame(focused, next)?.focus();
  const news = document.getElementById("news");
  const waits = next.dataset["waits"] ?? "";
  if (news && news.textContent !== waits) news.textContent = waits;
}

/** The same link, or the same button of the same form: an answer is never moved to another question. */
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
    mark.textContent = is ? "live" : "not connected";
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
