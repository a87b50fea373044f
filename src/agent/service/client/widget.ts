/**
 * @file The customer's side: one script that a shop puts into its pages. It stays in a shadow root, needs no style of
 * the page and no framework, and talks to the server that it was loaded from.
 *
 *     <script src="https://chat.example.com/widget.js" async></script>
 *
 * `data-open` opens it at once; `data-label` is the text of its button.
 */

import type { Field } from "./elements.ts";
import { bubble, confirmCard, fieldsCard, make } from "./elements.ts";
import { readEvents } from "./read-events.ts";
import { WIDGET_CSS } from "./widget-css.ts";

interface Kept {
  id: string;
  token: string;
  name: string;
}

type Data = Record<string, unknown>;

const script = document.currentScript as HTMLScriptElement;
const server = new URL(script.src).origin;
const KEPT = `webrl-chat ${server}`;
const NO_CONNECTION = "There is no connection just now. Please try again.";

function readKept(): Kept | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

function draw() {
  const host = make("div", { "data-webrl-chat": "" });
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(WIDGET_CSS);
  root.adoptedStyleSheets = [sheet];
  const label = script.dataset["label"] ?? "Chat with us";
  const launcher = make(
    "button",
    {
      class: "launcher",
      type: "button",
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-controls": "panel",
    },
    label,
  );
  /** Announces what arrives while the window is closed. */
  const news = make("p", { class: "unseen", role: "status" });
  const title = make("h2", { id: "title" }, label);
  const person = make("button", { type: "button", class: "plain" }, "Talk to a person");
  const restart = make("button", { type: "button", class: "plain" }, "End chat");
  const close = make(
    "button",
    { type: "button", class: "plain close", "aria-label": "Close the chat window" },
    "×",
  );
  const log = make("div", {
    class: "log",
    role: "log",
    "aria-live": "polite",
    "aria-labelledby": "title",
    tabindex: "0",
  });
  const status = make("p", { class: "status", role: "status" });
  const input = make("textarea", {
    rows: "2",
    maxlength: "10000",
    "aria-label": "Your message",
    placeholder: "Write a message",
  });
  const send = make("button", { type: "submit", class: "send" }, "Send");
  const form = make("form", { class: "compose" }, input, send);
  const footer = make("footer", {}, person, restart);
  const panel = make("section", { id: "panel", role: "dialog", "aria-labelledby": "title", hidden: "" });
  panel.append(make("header", {}, title, close), log, status, form, footer);
  root.append(launcher, news, panel);
  document.body.append(host);
  return {
    root,
    label,
    launcher,
    news,
    title,
    person,
    restart,
    close,
    log,
    status,
    input,
    send,
    form,
    panel,
  };
}

function begin(): void {
  const ui = draw();
  const { root, launcher, log, input, send } = ui;
  let kept = readKept();
  let stream: AbortController | null = null;
  let state = "agent";
  let last = 0;
  let beginning: Promise<boolean> | null = null;
  /** Messages that the server has not confirmed yet, by key. */
  const sending = new Map<string, HTMLElement>();
  /** Open forms and questions, by id. */
  const open = new Map<string, HTMLElement>();

  const say = (text: string) => {
    ui.status.textContent = text;
  };
  const add = (element: HTMLElement) => {
    log.append(element);
    log.scrollTop = log.scrollHeight;
  };
  /** Messages that came while the window was closed. */
  let unread = 0;
  const showUnread = () => {
    launcher.textContent = unread === 0 ? ui.label : `${ui.label} (${unread} new)`;
    ui.news.textContent = unread === 0 ? "" : `${unread} new ${unread === 1 ? "message" : "messages"}`;
  };
  /** A question gets the focus if the customer is in the window and is not writing. */
  const focusOn = (card: { focus(): void }) => {
    const isWriting = root.activeElement === input && input.value !== "";
    if (root.activeElement !== null && !isWriting) card.focus();
  };
  const atRest = () => (state === "waiting" ? "A person will answer here." : "");

  async function ask(path: string, body: object): Promise<{ ok: boolean; data: Data }> {
    const response = await fetch(`${server}/v1/conversations${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(kept && { authorization: `Bearer ${kept.token}` }) },
      body: JSON.stringify(body),
    });
    return { ok: response.ok, data: (await response.json().catch(() => ({}))) as Data };
  }

  /** Tells the customer what went wrong; `true` if nothing did. */
  async function tell(path: string, body: object): Promise<boolean> {
    try {
      const { ok, data } = await ask(path, body);
      if (!ok) say(String(data["error"] ?? "That did not work. Please try again."));
      return ok;
    } catch {
      say(NO_CONNECTION);
      return false;
    }
  }

  /** Begins a conversation if there is none; calls in the meantime get the same one. */
  function ensure(): Promise<boolean> {
    if (kept) return Promise.resolve(true);
    beginning ??= beginNew().finally(() => (beginning = null));
    return beginning;
  }

  async function beginNew(): Promise<boolean> {
    const { ok, data } = await ask("", {});
    if (!ok) {
      say(String(data["error"] ?? "The chat cannot be reached just now."));
      return false;
    }
    kept = data as unknown as Kept;
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    return true;
  }

  function forget(): void {
    stream?.abort();
    stream = kept = null;
    last = 0;
    state = "agent";
    sessionStorage.removeItem(KEPT);
    log.replaceChildren();
    sending.clear();
    open.clear();
    input.disabled = send.disabled = ui.person.disabled = false;
    ui.restart.textContent = "End chat";
    say("");
  }

  async function follow(): Promise<void> {
    if (stream || !kept) return;
    ui.title.textContent = kept.name;
    const mine = (stream = new AbortController());
    let waitMs = 500;
    while (!mine.signal.aborted && kept) {
      try {
        const response = await fetch(`${server}/v1/conversations/${kept.id}/events`, {
          headers: {
            authorization: `Bearer ${kept.token}`,
            ...(last > 0 && { "last-event-id": String(last) }),
          },
          signal: mine.signal,
        });
        if (response.status === 404) {
          // It was deleted.
          forget();
          if (await ensure()) void follow();
          return;
        }
        if (response.ok && response.body) {
          waitMs = 500;
          say(atRest());
          await readEvents(response.body, (type, id, data) => {
            if (id !== null) last = id;
            show(type, JSON.parse(data) as Data);
          });
          if (state === "closed") return;
        }
      } catch {
        if (mine.signal.aborted) return;
        say("The connection was lost. Trying again …");
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      waitMs = Math.min(waitMs * 2, 15_000);
    }
  }

  function show(type: string, data: Data): void {
    if (type === "message") showMessage(data as { from: string; text: string; key?: string });
    else if (type === "form") showForm(data as { form: string; purpose: string; fields: Field[] });
    else if (type === "confirm") showConfirm(data as { question: string; text: string });
    else if (type === "answered") settle(String(data["form"]), "Thank you.");
    else if (type === "confirmed")
      settle(String(data["question"]), data["yes"] === true ? "You said yes." : "It was not done.");
    else if (type === "state") showState(String(data["state"]));
  }

  function showState(to: string): void {
    state = to;
    if (state !== "agent") for (const id of open.keys()) settle(id, "");
    const isClosed = state === "closed";
    const focused = root.activeElement;
    input.disabled = send.disabled = isClosed;
    ui.person.disabled = state !== "agent";
    // A control that can no longer be used would lose the focus to the page.
    if (focused instanceof HTMLElement && focused.matches(":disabled"))
      (isClosed ? ui.restart : input).focus();
    ui.restart.textContent = isClosed ? "New chat" : "End chat";
    say(isClosed ? "This chat is closed." : atRest());
  }

  function showMessage({ from, text, key }: { from: string; text: string; key?: string }): void {
    if (key !== undefined) sending.get(key)?.remove();
    if (key !== undefined) sending.delete(key);
    add(bubble(from, text));
    if (ui.panel.hidden && from !== "customer") unread++;
    if (ui.panel.hidden) showUnread();
    say(from === "customer" && state === "agent" ? "Writing …" : atRest());
  }

  function settle(id: string, text: string): void {
    const element = open.get(id);
    open.delete(id);
    if (!element) return;
    const hadFocus = element.contains(root.activeElement);
    // The question stays readable, but not what was filled in.
    const question = element.getAttribute("role") === "group" ? element.querySelector("p") : null;
    if (text === "") element.remove();
    else {
      element.classList.add("over");
      element.replaceChildren(...(question ? [question] : []), make("p", { class: "settled" }, text));
    }
    if (hadFocus) input.focus();
  }

  function showForm({ form, purpose, fields }: { form: string; purpose: string; fields: Field[] }): void {
    say("");
    const caption =
      purpose === "identity"
        ? "For this I need to know who you are."
        : "For this I need to know a little more.";
    const card = fieldsCard(form, caption, fields, async (values) => {
      const { ok, data } = await ask(`/${kept!.id}/answers`, { form, values });
      if (ok) say("Checking …");
      return ok
        ? null
        : { fields: (data["fields"] ?? {}) as Record<string, string>, error: String(data["error"] ?? "") };
    });
    open.set(form, card.element);
    add(card.element);
    focusOn(card);
  }

  function showConfirm({ question, text }: { question: string; text: string }): void {
    say("");
    const card = confirmCard(question, text, (yes) => {
      say("One moment …");
      return tell(`/${kept!.id}/confirm`, { question, yes });
    });
    open.set(question, card.element);
    add(card.element);
    focusOn(card);
  }

  async function submit(): Promise<void> {
    const text = input.value.trim();
    if (text === "" || input.disabled) return;
    const giveBack = () => {
      if (input.value === "") input.value = text;
    };
    input.value = "";
    try {
      if (!(await ensure())) return giveBack();
    } catch {
      say(NO_CONNECTION);
      return giveBack();
    }
    void follow();
    const key = crypto.getRandomValues(new Uint32Array(4)).join("-");
    const mine = bubble("customer", text);
    mine.classList.add("sending");
    sending.set(key, mine);
    add(mine);
    if (await tell(`/${kept!.id}/messages`, { text, key })) return;
    mine.remove();
    sending.delete(key);
    giveBack();
  }

  function toggle(isOpen: boolean, byHand = true): void {
    ui.panel.hidden = !isOpen;
    launcher.setAttribute("aria-expanded", String(isOpen));
    launcher.hidden = isOpen;
    if (!isOpen) return launcher.focus();
    unread = 0;
    showUnread();
    // A window that opens with the page does not take the focus.
    if (byHand || document.activeElement === document.body) input.focus();
    ensure().then(
      (ok) => void (ok && follow()),
      () => say("The chat cannot be reached just now."),
    );
  }

  launcher.addEventListener("click", () => toggle(true));
  ui.close.addEventListener("click", () => toggle(false));
  ui.panel.addEventListener("keydown", (event) => {
    // What is written here must not trigger the page's own shortcuts.
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) toggle(false);
  });
  ui.form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void submit();
  });
  ui.person.addEventListener("click", () => {
    if (kept) void tell(`/${kept.id}/person`, {});
  });
  ui.restart.addEventListener("click", () => {
    if (kept && state !== "closed") {
      void tell(`/${kept.id}/close`, {});
      return;
    }
    forget();
    toggle(true);
  });
  if (script.dataset["open"] !== undefined) toggle(true, false);
}

if (document.body) begin();
else document.addEventListener("DOMContentLoaded", begin);
