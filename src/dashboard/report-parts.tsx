/** @file What reports of runs and of agents share: the document around them, a step, what is missing. Pure. */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { StepView } from "./episodes.ts";
import { ICON_URL } from "./icon.ts";
import { Screen } from "./views/screen.tsx";
import { THEME_CSS } from "../http/theme.ts";

/** A file that needs nothing else. */
export function reportDocument(title: string, body: Child): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {/* Captured pages are text here, and no script runs whatever they say. */}
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
        />
        <link rel="icon" href={ICON_URL} />
        <title>{title}</title>
        <style>{raw(THEME_CSS)}</style>
      </head>
      <body>
        <main>{body}</main>
      </body>
    </html>
  );
  return `<!doctype html>\n${page.toString()}\n`;
}

export function Problems({ problems }: { problems: readonly string[] }) {
  if (problems.length === 0) return null;
  return (
    <section class="notice" aria-label="What is missing">
      <strong>This run is incomplete:</strong>
      <ul>
        {problems.slice(0, 20).map((problem) => (
          <li>{problem}</li>
        ))}
      </ul>
    </section>
  );
}

export function StepItem({ step, picture }: { step: StepView; picture: string | null }) {
  const element = step.observation.elements.find((each) => each.name === step.element);
  const { screenshot } = step;
  return (
    <li>
      <p class="act">{`${step.index + 1}. ${step.response}`}</p>
      {step.observation.error && <p class="bad">{step.observation.error.message}</p>}
      {picture !== null && screenshot ? (
        <Screen
          src={picture}
          width={screenshot.width}
          height={screenshot.height}
          viewportHeight={step.observation.scroll.viewport}
          element={element}
          alt={`Page ${step.observation.title} at step ${step.index + 1}`}
        />
      ) : (
        <details>
          <summary class="dim">{`${step.observation.title || "page"} — ${step.observation.url}`}</summary>
          <pre class="page-text" tabindex={0}>
            {step.observation.text}
          </pre>
        </details>
      )}
    </li>
  );
}
