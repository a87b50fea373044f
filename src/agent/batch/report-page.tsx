/**
 * @file The report page of a batch: self-contained, without scripts, in the style of `report.html`. Data in, HTML out.
 */

import { basename } from "node:path";
import { raw } from "hono/html";
import { duration } from "../../dashboard/views/format.ts";
import { THEME_CSS } from "../../http/theme.ts";
import type { BatchItem, BatchResult } from "./result.ts";
import type { ItemStatus } from "./events.ts";
import type { Plan } from "./plan-file.ts";

const TONES: Record<ItemStatus, string> = {
  done: "good",
  already: "off",
  planned: "warn",
  refused: "warn",
  failed: "bad",
  undecided: "bad",
  open: "off",
};

/** What a person has to look at comes first. */
const ORDER: readonly ItemStatus[] = ["undecided", "failed", "refused", "open", "planned", "done", "already"];

const MEANINGS: Record<ItemStatus, string> = {
  done: "changed, and the change was read back",
  already: "as it should be before anything was done",
  planned: "would be changed",
  refused: "not permitted, so not changed",
  failed: "not as it should be",
  undecided: "please look: its state is not known or not clear",
  open: "not reached",
};

const CSS = `
.was { color: var(--dim); text-decoration: line-through; }
td.reason { overflow-wrap: anywhere; min-width: 180px; }
td.value { overflow-wrap: anywhere; }
th.n, td.n { width: 1%; }
`;

export function renderBatchReport(result: BatchResult, plan: Plan): string {
  const what = result.dryRun ? "Dry run" : result.direction === "undo" ? "Batch undone" : "Batch";
  const groups = ORDER.map((status) => ({
    status,
    items: result.items.filter((item) => item.status === status),
  }));
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        />
        <title>{`${what}: ${plan.file}`}</title>
        <style>{raw(THEME_CSS + CSS)}</style>
      </head>
      <body>
        <main>
          <Head what={what} result={result} plan={plan} />
          <Summary result={result} />
          <Broken result={result} />
          {groups.map(({ status, items }) => (
            <Group status={status} items={items} plan={plan} />
          ))}
        </main>
      </body>
    </html>
  );
  return `<!doctype html>\n${page.toString()}\n`;
}

function Head({ what, result, plan }: { what: string; result: BatchResult; plan: Plan }) {
  const { counts, items, dryRun } = result;
  const seconds = items.reduce((sum, item) => sum + item.seconds, 0);
  return (
    <header>
      <h1 title={plan.file}>{`${what}: ${basename(plan.file)}`}</h1>
      <p class="dim">
        {[plan.job.instruction, new URL(plan.home).origin, `${items.length} items`, duration(seconds)].join(
          " · ",
        )}
      </p>
      <div class="headline">
        <span class="big">{dryRun ? counts.planned : counts.done}</span>
        <span class="dim">{`${headline(result)}, ${counts.already} already as they should be`}</span>
      </div>
    </header>
  );
}

function headline({ counts, dryRun, direction }: BatchResult): string {
  const items = (count: number) => (count === 1 ? "item" : "items");
  if (dryRun) return `${items(counts.planned)} would be changed`;
  return `${items(counts.done)} ${direction === "undo" ? "undone" : "changed"}`;
}

function Summary({ result }: { result: BatchResult }) {
  return (
    <section>
      {(result.interrupted || result.counts.open > 0) && (
        <p class="notice">
          <strong>It ended before it reached every item.</strong> The same command continues with the rest.
          {result.ended && ` Why it ended: ${result.ended.message}.`}
        </p>
      )}
      <div class="scroll" tabindex={0} role="region" aria-label="Items by result">
        <table>
          <thead>
            <tr>
              <th scope="col">Result</th>
              <th scope="col" class="n">
                Items
              </th>
              <th scope="col">Meaning</th>
            </tr>
          </thead>
          <tbody>
            {ORDER.filter((status) => result.counts[status] > 0).map((status) => (
              <tr>
                <th scope="row">
                  <span class={`tag ${TONES[status]}`}>{status}</span>
                </th>
                <td class="n">{result.counts[status]}</td>
                <td>{MEANINGS[status]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Broken({ result }: { result: BatchResult }) {
  if (result.broken.length === 0) return null;
  return (
    <section class="notice" aria-label="Rows that cannot be read">
      <strong>{`Rows that could not be read: ${result.broken.length}`}</strong>
      <ul>
        {result.broken.map(({ line, reason }) => (
          <li>{`Line ${line}: ${reason}`}</li>
        ))}
      </ul>
    </section>
  );
}

function Group({ status, items, plan }: { status: ItemStatus; items: readonly BatchItem[]; plan: Plan }) {
  if (items.length === 0) return null;
  const names = Object.keys(plan.job.effect.values);
  return (
    <section>
      <h2>{`${status[0]!.toUpperCase()}${status.slice(1)}: ${items.length}`}</h2>
      <div class="scroll" tabindex={0} role="region" aria-label={`Items: ${status}`}>
        <table>
          <thead>
            <tr>
              <th scope="col" class="n">
                Line
              </th>
              <th scope="col">Item</th>
              {names.map((name) => (
                <th scope="col">{name}</th>
              ))}
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr>
                <td class="n">{item.line}</td>
                <th scope="row">{item.key}</th>
                {names.map((name) => (
                  <Value item={item} name={name} />
                ))}
                <td class="reason">{item.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The earlier value, struck out if it is now different or should be. */
function Value({ item, name }: { item: BatchItem; name: string }) {
  const format = (value: string | null | undefined) =>
    value === null ? "not there" : value === undefined ? "not read" : value;
  const before = item.before === null ? undefined : item.before[name];
  const planned = item.status === "planned" || item.status === "refused" || item.status === "open";
  const now = planned ? item.wanted[name] : item.after === null ? undefined : item.after[name];
  if (item.before === null && item.after === null) return <td class="value dim">{format(undefined)}</td>;
  if (format(before) === format(now)) return <td class="value">{format(now)}</td>;
  return (
    <td class="value">
      <span class="was">{format(before)}</span>
      {" → "}
      {format(now)}
    </td>
  );
}
