/** @file Progress of long work: one line that changes on a terminal, and now and then a new line elsewhere. */

/** Seconds between lines without a terminal. */
const PLAIN_SECONDS = 20;

export interface LineLog {
  /** Shows `text` if the next line is due. */
  update(text: string): void;
  /** Shows `text` at once and keeps it. */
  now(text: string): void;
  end(): void;
}

export function lineLog(stream: NodeJS.WriteStream = process.stderr): LineLog {
  let last = 0;
  let pending: string | null = null;
  const write = (text: string, keep: boolean) => {
    if (stream.isTTY)
      stream.write(`\r\u001b[K${text.slice(0, Math.max(20, stream.columns - 1))}${keep ? "\n" : ""}`);
    else stream.write(`${text}\n`);
    last = performance.now();
    pending = null;
  };
  return {
    update: (text) => {
      pending = text;
      if (performance.now() - last >= (stream.isTTY ? 100 : 1000 * PLAIN_SECONDS)) write(text, false);
    },
    now: (text) => write(text, true),
    end: () => {
      if (pending !== null || stream.isTTY) write(pending ?? "", pending !== null);
    },
  };
}
