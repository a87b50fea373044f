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
      if (next) live.replaceWith(document.adoptNode(next));
    }
  } finally {
    isLoading = false;
    if (isStale) void refresh();
  }
}

if (mark && document.getElementById("live")) {
  const events = new EventSource("/operator/events");
  events.addEventListener("open", () => mark.classList.add("on"));
  events.addEventListener("error", () => mark.classList.remove("on"));
  events.addEventListener("change", (event) => {
    if (event.data === "" || id === "" || event.data === id) void refresh();
  });
  document.addEventListener("focusout", () => {
    if (isStale) setTimeout(() => void refresh(), 0);
  });
}
