// Solid listens once, at the document. Its own templates need no compiler.
import { createSignal, For, Show } from "solid-js";
import html from "solid-js/html";
import { render } from "solid-js/web";

function Todo() {
  const [items, setItems] = createSignal(["Milk", "Bread"]);
  const [text, setText] = createSignal("");
  const [chosen, setChosen] = createSignal("");
  const [open, setOpen] = createSignal(false);
  const add = () => {
    if (text()) setItems([...items(), text()]);
    setText("");
  };
  Object.defineProperty(window, "app", { get: () => ({ items: items(), chosen: chosen() }) });
  const row = (item) =>
    html`<div style="display:flex;gap:20px">
      <span onClick=${() => setChosen(item)}>${item}</span>
      <i aria-label=${`Remove ${item}`} onClick=${() => setItems(items().filter((one) => one !== item))}>✕</i>
    </div>`;
  return html`<input
      placeholder="What to buy"
      prop:value=${text}
      onInput=${(event) => setText(event.target.value)}
      onKeyDown=${(event) => event.key === "Enter" && add()}
    />
    <div onClick=${add}>Add</div>
    <section><${For} each=${items}>${row}<//></section>
    <div onClick=${() => setOpen(!open())}>More</div>
    <${Show} when=${open}><p>${() => `${items().length} things`}</p><//>`;
}

render(() => html`<${Todo} />`, document.querySelector("#root"));
