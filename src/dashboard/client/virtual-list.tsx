/** @jsxImportSource preact */
/** @file A list of any length: only the rows in sight exist, and only their pieces are fetched. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { getJson } from "./data.ts";

const ROW_HEIGHT = 56;
const PIECE = 100;
/** Rows that exist above and below what is in sight. */
const MARGIN = 8;

export interface Piece<T> {
  total: number;
  items: T[];
}

/** The rows from `first` to `last`, fetched piece by piece. */
function usePieces<T>(
  { url, version, onTotal }: { url: string; version: number; onTotal?: (answer: Piece<T>) => void },
  inSight: (total: number | null) => [first: number, last: number],
) {
  const [total, setTotal] = useState<number | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [, redraw] = useState(0);
  const pieces = useRef<{ key: string; items: Map<number, T[]>; asked: Set<number> }>({
    key: "",
    items: new Map(),
    asked: new Set(),
  });
  const key = `${url} ${version}`;
  if (pieces.current.key !== key) {
    // If only the version changed, old rows stay visible until the new ones are there.
    const same = pieces.current.key.startsWith(`${url} `);
    pieces.current = { key, items: same ? pieces.current.items : new Map(), asked: new Set() };
  }
  const [first, last] = inSight(total);
  useEffect(() => {
    const mine = pieces.current;
    for (let piece = Math.floor(first / PIECE); piece * PIECE < Math.max(last, 1); piece++) {
      if (mine.asked.has(piece)) continue;
      mine.asked.add(piece);
      getJson<Piece<T>>(`${url}${url.includes("?") ? "&" : "?"}offset=${piece * PIECE}&limit=${PIECE}`).then(
        (answer) => {
          if (pieces.current !== mine) return;
          mine.items.set(piece, answer.items);
          setTotal(answer.total);
          setError(null);
          onTotal?.(answer);
          redraw((n) => n + 1);
        },
        (cause: unknown) => setError(cause instanceof Error ? cause.message : String(cause)),
      );
    }
  }, [key, first, last]);
  const itemAt = (i: number) => pieces.current.items.get(Math.floor(i / PIECE))?.[i % PIECE];
  return { first, last, total, error, itemAt };
}

/** `url` takes `offset` and `limit`; `version` changes when the rows may have. */
export function VirtualList<T>(props: {
  url: string;
  version: number;
  label: string;
  row: (item: T, index: number) => ComponentChildren;
  onTotal?: (answer: Piece<T>) => void;
}) {
  const { url, label, row } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(560);
  const { first, last, total, error, itemAt } = usePieces<T>(props, (count) => [
    Math.max(0, Math.floor(top / ROW_HEIGHT) - MARGIN),
    Math.min(count ?? PIECE, Math.ceil((top + height) / ROW_HEIGHT) + MARGIN),
  ]);

  useEffect(() => {
    box.current!.scrollTop = 0;
    setTop(0);
  }, [url]);
  useEffect(() => {
    const resize = () => setHeight(Math.max(280, innerHeight - 250));
    resize();
    addEventListener("resize", resize);
    return () => removeEventListener("resize", resize);
  }, []);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const links = [...box.current!.querySelectorAll<HTMLElement>("li > a")];
    const at = links.indexOf(document.activeElement as HTMLElement);
    if (step === 0 || at < 0) return;
    event.preventDefault();
    links[at + step]?.focus();
  };
  const rows = [];
  for (let i = first; i < Math.min(last, total ?? 0); i++) {
    const item = itemAt(i);
    rows.push(
      <li key={i} style={{ top: `${i * ROW_HEIGHT}px` }} aria-setsize={total ?? -1} aria-posinset={i + 1}>
        {item === undefined ? <div class="dim">…</div> : row(item, i)}
      </li>,
    );
  }
  return (
    <div
      class="virtual"
      ref={box}
      style={{ height: `${Math.min(height, Math.max(1, total ?? 4) * ROW_HEIGHT + 2)}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={move}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      {error !== null && <p class="bad">{error}</p>}
      {total === 0 && (
        <p class="dim" style={{ padding: "8px 14px", margin: 0 }}>
          Nothing to show.
        </p>
      )}
      {rows.length > 0 && <ul style={{ height: `${(total ?? 0) * ROW_HEIGHT}px` }}>{rows}</ul>}
    </div>
  );
}
