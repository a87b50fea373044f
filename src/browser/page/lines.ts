/** @file Puts the text of a `compact` observation together: lines, cells of rows, and what is side by side. */

import { unite } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { squash } from "./text.ts";

interface Line {
  text: string;
  box: Edges | null;
  /** Cells of a table row; `null` outside of tables. */
  cells: string[] | null;
  /** It is one line on the page, too. */
  single: boolean;
}

const newLine = (): Line => ({ text: "", box: null, cells: null, single: true });

/** Like `squash`, but the marks of elements stay. */
const tidy = (text: string) => text.replace(/\s+/g, " ").trim();

export class CompactLines {
  readonly #lines: Line[] = [];
  #line = newLine();
  #beginning = "";

  /** Goes before the text that comes next, on its line. */
  begin(text: string): void {
    this.#beginning = text;
  }

  /** Adds text; `box` is the part of it that can be seen. */
  add(text: string, box?: Edges, single = true): void {
    if (text.trim() !== "") {
      this.#line.text += this.#beginning;
      this.#beginning = "";
    }
    this.#line.text += text;
    if (!box) return;
    if (!single) this.#line.single = false;
    this.#line.box = unite(this.#line.box, box);
  }

  /** Adds a blank, unless the line is empty. */
  blank(): void {
    if (this.#line.text !== "") this.#line.text += " ";
  }

  /** Stands for element `index`; elements never touch each other. */
  element(index: number, inline: boolean, box: Edges): void {
    const gap = !inline || this.#line.text.endsWith("\uE001") ? " " : "";
    this.add(`${gap}\uE000${index}\uE001${inline ? "" : " "}`, box);
  }

  /** Stands for frame `index`, on a line of its own. */
  frame(index: number, box: Edges): void {
    this.end();
    this.add(`\uE002${index}\uE001`, box, false);
    this.end();
  }

  end(): void {
    const line = this.#line;
    if (line.cells || squash(line.text.replace(/[\uE000-\uE002]/g, "x")) !== "") this.#lines.push(line);
    this.#line = newLine();
  }

  /** A table row: its cells become one line. */
  row(content: () => void): void {
    this.end();
    const row = this.#line;
    row.cells = [];
    content();
    if (tidy(this.#line.text) !== "") row.cells.push(tidy(this.#line.text));
    while (row.cells.at(-1) === "") row.cells.pop();
    this.#line.text = "";
    if (row.cells.some((cell) => cell !== "")) this.#lines.push(row);
    this.#line = newLine();
  }

  get inRow(): boolean {
    return this.#line.cells !== null;
  }

  cell(content: () => void): void {
    const line = this.#line;
    line.text = "";
    content();
    line.cells?.push(tidy(line.text));
    line.text = "";
  }

  /** What follows is the definition of the term on this line. */
  define(): void {
    const before = tidy(this.#line.text);
    if (before !== "") this.#line.text = `${before} | `;
  }

  /** Lines that are side by side become one, as a person reads them. */
  print(): string[] {
    this.end();
    const merged: Line[] = [];
    for (const next of this.#lines) {
      const last = merged.at(-1);
      if (last && isBeside(last, next)) {
        last.text = `${last.text} ${next.text}`;
        last.box = [
          last.box![0],
          Math.min(last.box![1], next.box![1]),
          next.box![2],
          Math.max(last.box![3], next.box![3]),
        ];
      } else merged.push(next);
    }
    return merged.map(({ text, cells }) => (cells ? tidy(cells.join(" | ")) : tidy(text)));
  }
}

/** Whether `next` is to the right of `last` on the same line. */
function isBeside(last: Line, next: Line): boolean {
  if (!last.box || !next.box || last.cells || next.cells || !last.single || !next.single) return false;
  const overlap = Math.min(last.box[3], next.box[3]) - Math.max(last.box[1], next.box[1]);
  const height = Math.min(last.box[3] - last.box[1], next.box[3] - next.box[1]);
  return overlap > height / 2 && next.box[0] >= last.box[2] - 4 && next.box[3] - next.box[1] < 80;
}
