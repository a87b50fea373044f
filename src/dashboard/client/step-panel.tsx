/** @jsxImportSource preact */
/** @file One step: the page as people and as the model saw it, the model's tokens, value and advantage. */

import type { Observation } from "../../core/observation.ts";
import type { StepView, TokenView } from "../episodes.ts";
import { percent } from "../../core/percent.ts";
import { screenshotUrl } from "./overview-view.tsx";
import { Screen } from "./shared.ts";

export function StepPanel({
  run,
  step,
  after,
  isLast,
}: {
  run: string;
  step: StepView;
  after: Observation | null;
  isLast: boolean;
}) {
  const { observation, screenshot } = step;
  const element = observation.elements?.find((each) => each.name === step.element);
  return (
    <div class="step">
      <div>
        {screenshot ? (
          <Screen
            src={screenshotUrl(run, screenshot.path)}
            width={screenshot.width}
            height={screenshot.height}
            viewportHeight={observation.scroll.viewport}
            element={element}
            alt={`Screenshot of ${observation.title || observation.url}${element ? `; outlined: ${element.name}` : ""}`}
          />
        ) : (
          <p class="dim">No screenshot was kept. Runs keep them with rollout.screenshots.</p>
        )}
        <p class="dim">{`${observation.title} — ${observation.url}`}</p>
        <details open={!screenshot}>
          <summary>Observation as the model saw it</summary>
          <pre class="page-text box-text" tabIndex={0}>
            {observation.text}
          </pre>
        </details>
        <Prompt step={step} />
        {isLast && after && (
          <details>
            <summary>Last page, which the verdicts are about</summary>
            <p class="dim">{`${after.title} — ${after.url}`}</p>
            <pre class="page-text box-text" tabIndex={0}>
              {after.text}
            </pre>
          </details>
        )}
      </div>
      <div>
        <h3 style={{ marginTop: 0 }}>Action</h3>
        <p class="act">{step.response}</p>
        {!step.action.ok && <p class="bad">{step.action.error.message}</p>}
        {after?.error && <p class="bad">{after.error.message}</p>}
        {step.mistake && <p class="dim">Wrong on purpose.</p>}
        <dl class="facts">
          {(
            [
              ["value V(s)", step.value?.toFixed(3)],
              ["advantage", step.advantage?.toFixed(3)],
              ["sampling", step.time && `${step.time.sampleMs} ms`],
              ["acting", step.time && `${step.time.actMs} ms`],
            ] as const
          ).map(
            ([name, value]) =>
              value && (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ),
          )}
        </dl>
        <Tokens tokens={step.tokens} />
      </div>
    </div>
  );
}

/** What the colours of {@link band} stand for. */
const BANDS = ["π ≥ 50%", "≥ 10%", "≥ 1%", "less"];
/** Half of the probability or more, a tenth, a hundredth, less. */
const band = (logprob: number) => (logprob > -0.7 ? 0 : logprob > -2.3 ? 1 : logprob > -4.6 ? 2 : 3);

function Tokens({ tokens }: { tokens: TokenView[] }) {
  if (tokens.length === 0) return <p class="dim">No tokens: this agent is not a model.</p>;
  const known = tokens.flatMap(({ logprob }) => (logprob === null ? [] : [logprob]));
  const total = known.reduce((sum, value) => sum + value, 0);
  return (
    <>
      <h3>Response tokens</h3>
      <p class="tokens">
        {tokens.map((token, i) => (
          <span
            key={i}
            class={token.logprob === null ? "" : `p${band(token.logprob)}`}
            title={
              token.logprob === null
                ? String(token.id)
                : `token ${token.id}: ${token.logprob.toFixed(3)} nats, ${percent(Math.exp(token.logprob))}`
            }
          >
            {token.text ?? `${token.id} `}
          </span>
        ))}
      </p>
      <p class="key">
        {BANDS.map((text, i) => (
          <span key={text} class="tokens">
            <span class={`p${i}`}>{text}</span>
          </span>
        ))}
      </p>
      <p class="key">
        <span>{`${tokens.length} tokens, log π = ${total.toFixed(2)} nats`}</span>
        <span>{`perplexity ${known.length > 0 ? Math.exp(-total / known.length).toFixed(2) : "–"}`}</span>
      </p>
      <details>
        <summary>Tokens with log-probabilities</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label="Tokens with log-probabilities">
          <table>
            <thead>
              <tr>
                <th scope="col">Token</th>
                <th scope="col" class="n">
                  Id
                </th>
                <th scope="col" class="n">
                  log π, nats
                </th>
                <th scope="col" class="n">
                  Probability
                </th>
              </tr>
            </thead>
            <tbody>
              {tokens.map((token, i) => (
                <tr key={i}>
                  <td>
                    <code>{token.text === null ? "–" : JSON.stringify(token.text)}</code>
                  </td>
                  <td class="n">{token.id}</td>
                  <td class="n">{token.logprob?.toFixed(3) ?? "–"}</td>
                  <td class="n">{token.logprob === null ? "–" : percent(Math.exp(token.logprob))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function Prompt({ step }: { step: StepView }) {
  if (step.prompt === null && step.promptTokens.length === 0) return null;
  return (
    <details>
      <summary>Prompt, all that went into the model</summary>
      <pre class="page-text box-text" tabIndex={0}>
        {step.prompt ??
          `The tokenizer of this run's base model is not here; token ids:\n${step.promptTokens.join(" ")}`}
      </pre>
    </details>
  );
}
