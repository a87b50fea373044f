/** @file The elements of the widget's log: messages, forms and questions. Texts are set as text, never as markup. */

export interface Field {
  name: string;
  label: string;
  kind: "text" | "email" | "number" | "choice";
  options?: string[];
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const NAMES: Record<string, string> = {
  customer: "You",
  agent: "Assistant",
  person: "Staff",
  system: "Notice",
};

export function bubble(from: string, text: string): HTMLElement {
  const who = make("span", { class: "who" }, NAMES[from] ?? from);
  return make("div", { class: `message ${from}` }, who, make("p", {}, text));
}

interface Card {
  element: HTMLElement;
  focus(): void;
}

interface Wrong {
  fields: Record<string, string>;
  error: string;
}

/** `send` resolves to what is wrong with the values, or `null`. */
export function fieldsCard(
  id: string,
  caption: string,
  fields: readonly Field[],
  send: (values: Record<string, string>) => Promise<Wrong | null>,
): Card {
  const errors = make("p", { class: "errors", id: `${id}-errors`, role: "alert" });
  const inputs = fields.map((field) => ({ field, control: controlOf(field, `${id}-${field.name}`) }));
  const element = make(
    "form",
    { class: "card", novalidate: "", "aria-labelledby": `${id}-caption` },
    make("p", { id: `${id}-caption` }, caption),
    errors,
  );
  for (const { field, control } of inputs)
    element.append(make("label", { for: control.id }, field.label), control);
  element.append(make("button", { type: "submit", class: "send" }, "Continue"));
  element.addEventListener("submit", (event) => {
    event.preventDefault();
    send(Object.fromEntries(inputs.map(({ field, control }) => [field.name, control.value]))).then(
      (wrong) => {
        errors.textContent = wrong ? Object.values(wrong.fields).join(" ") || wrong.error : "";
        for (const { field, control } of inputs) {
          const isWrong = wrong !== null && field.name in wrong.fields;
          control.removeAttribute("aria-invalid");
          control.removeAttribute("aria-describedby");
          if (!isWrong) continue;
          control.setAttribute("aria-invalid", "true");
          control.setAttribute("aria-describedby", errors.id);
        }
        inputs.find(({ control }) => control.hasAttribute("aria-invalid"))?.control.focus();
      },
      () => {
        errors.textContent = "There is no connection just now. Please try again.";
      },
    );
  });
  return { element, focus: () => inputs[0]?.control.focus() };
}

function controlOf({ name, kind, options = [] }: Field, id: string): HTMLInputElement | HTMLSelectElement {
  const common = { name, id, required: "" };
  if (kind === "choice")
    return make(
      "select",
      common,
      ...["", ...options].map((value) => make("option", { value }, value || "Choose")),
    );
  return make("input", {
    ...common,
    type: kind === "email" ? "email" : "text",
    autocomplete: kind === "email" ? "email" : "off",
    ...(kind === "number" && { inputmode: "numeric" }),
  });
}

/** `send` resolves to whether the answer has arrived. */
export function confirmCard(id: string, text: string, send: (yes: boolean) => Promise<boolean>): Card {
  const yes = make("button", { type: "button", class: "send" }, "Yes, do it");
  const no = make("button", { type: "button", class: "plain" }, "No");
  for (const button of [yes, no])
    button.addEventListener("click", () => {
      yes.disabled = no.disabled = true;
      void send(button === yes).then((isSent) => {
        if (!isSent) yes.disabled = no.disabled = false;
      });
    });
  const buttons = make("div", { class: "row" }, yes, no);
  const element = make(
    "div",
    { class: "card", role: "group", "aria-label": "Please confirm", "aria-describedby": `${id}-text` },
    make("p", { id: `${id}-text` }, text),
    buttons,
  );
  // Pressing Enter once too often must not do something irreversible.
  return { element, focus: () => no.focus() };
}
