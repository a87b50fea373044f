/**
 * @file Sets a slider that a page draws: by keys, and by the mouse if the value is far away or the slider takes no
 * keys.
 */

import type { Page } from "playwright-core";
import { sliderValue } from "./field-values.ts";
import type { PageDocument } from "./page-world.ts";

/** Key presses before the mouse is tried. */
const NEAR = 40;

/** Says why it could not be set. */
export async function setSlider(
  page: Page,
  document: PageDocument,
  index: number,
  text: string,
): Promise<string | null> {
  const first = await document.call("sliderState", index);
  if (!first) return "does not say its value: use Press or Drag";
  const read = sliderValue(text, first.min, first.max);
  if ("why" in read) return read.why;
  const { value } = read;
  const now = async () => (await document.call("sliderState", index))?.now ?? NaN;
  const keys = async () => {
    await document.call("focusElement", index);
    const from = await now();
    if (from === value) return;
    await page.keyboard.press(value > from ? "ArrowRight" : "ArrowLeft");
    const stepped = await now();
    const step = Math.abs(stepped - from);
    if (!(step > 0)) return;
    const presses = Math.round(Math.abs(value - stepped) / step);
    if (presses > NEAR) return;
    for (let i = 0; i < presses; i++) await page.keyboard.press(value > stepped ? "ArrowRight" : "ArrowLeft");
  };
  await keys();
  let reached = await now();
  let aim = value;
  // The track may be shorter than its thumb makes it look, so what is missed the first time is made up for.
  for (let tries = 0; tries < 3 && reached !== value && !Number.isNaN(reached); tries++) {
    await dragThumb(page, document, index, aim);
    await keys();
    reached = await now();
    aim += value - reached;
  }
  return reached === value ? null : `did not stop at ${value}: it now reads ${reached}`;
}

async function dragThumb(page: Page, document: PageDocument, index: number, value: number): Promise<void> {
  const [state, box] = [
    await document.call("sliderState", index),
    await document.call("boxOfElement", index),
  ];
  if (!state || box.kind === "refused") return;
  const [left, top, right, bottom] = state.track;
  const share = state.max > state.min ? (value - state.min) / (state.max - state.min) : 0;
  const middle = { x: (box.box[0] + box.box[2]) / 2, y: (box.box[1] + box.box[3]) / 2 };
  const goal = state.vertical
    ? { x: middle.x, y: bottom - share * (bottom - top) }
    : { x: left + share * (right - left), y: middle.y };
  const [from, to] = [await document.toPage(middle), await document.toPage(goal)];
  if (!from || !to) return;
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}
