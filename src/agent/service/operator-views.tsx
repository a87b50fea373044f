/**
 * @file The pages of operators: server-rendered, in the style of the dashboard. What customers and pages say is text
 * here.
 */

import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Question } from "../../safety/approval.ts";
import { describeQuestion } from "../../safety/approval.ts";
import type { Conversation } from "./conversation.ts";
import type { ChatEvent, ConversationState, ConversationView } from "./events.ts";
import { isUnanswered } from "./events.ts";
import type { Listed } from "./service.ts";
import type { DecisionRecord } from "./summary.ts";
import { describeDecision } from "./summary.ts";

export function Page(props: { title: string; name: string; by: string | null; children?: Child }) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>{`${props.title} - ${props.name}`}</title>
          <link rel="icon" href="data:," />
          <link rel="stylesheet" href="/operator/app.css" />
          <script type="module" src="/operator/app.js"></script>
        </head>
        <body>
          <a class="skip" href="#main">
            To the content
          </a>
          <header class="top">
            <a class="brand" href="/operator">
              {props.name}: operators
            </a>
            {props.by !== null && (
              <div class="right">
                <span class="live">not connected</span>
                <span class="dim">{props.by}</span>
                <form method="post" action="/operator/logout">
                  <button>Sign out</button>
                </form>
              </div>
            )}
          </header>
          <p id="news" class="unseen" role="status"></p>
          <main id="main">{props.children}</main>
        </body>
      </html>
    </>
  );
}

export function LoginView({ error }: { error: string | null }) {
  return (
    <div class="panel narrow">
      <h1>Sign in</h1>
      {error !== null && (
        <p class="bad" role="alert">
          {error}
        </p>
      )}
      <form method="post" action="/operator/login" class="stack">
        <label>
          Your name
          <input name="name" required maxlength={60} autocomplete="name" />
        </label>
        <label>
          Key
          <input name="key" type="password" required autocomplete="current-password" />
        </label>
        <button>Sign in</button>
      </form>
    </div>
  );
}

const STATES: Record<ConversationState, [label: string, tone: string]> = {
  agent: ["agent", "good"],
  waiting: ["waits for a person", "bad"],
  person: ["person", "warn"],
  closed: ["closed", "off"],
};

function StateTag({ state }: { state: ConversationState }) {
  const [label, tone] = STATES[state];
  return <span class={`tag ${tone}`}>{label}</span>;
}

const time = (iso: string) => iso.slice(0, 19).replace("T", " ");

/** Rows of closed conversations that are shown. */
const MOST_CLOSED = 200;

export function ListView({ all }: { all: readonly Listed[] }) {
  const open = all.filter(({ view }) => view.state !== "closed");
  const closed = all.filter(({ view }) => view.state === "closed");
  const pending = open.reduce(
    (sum, { conversation }) => sum + (conversation?.approvals.pending().length ?? 0),
    0,
  );
  const waiting = open.filter(({ view }) => view.state === "waiting").length;
  return (
    <div id="live" data-waits={`${waiting} wait for a person, ${pending} for approval`}>
      <h1>Conversations</h1>
      <dl class="facts">
        <Fact label="Open" value={open.length} />
        <Fact label="Wait for a person" value={waiting} />
        <Fact label="Wait for approval" value={pending} />
        <Fact label="Closed" value={closed.length} />
      </dl>
      {all.length === 0 && <p class="dim">Nobody has written yet.</p>}
      {all.length > 0 && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Last message</th>
                <th scope="col">Customer</th>
                <th scope="col">Last (UTC)</th>
              </tr>
            </thead>
            <tbody>
              {[...open, ...closed.slice(0, MOST_CLOSED)].map((listed) => (
                <Row {...listed} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {closed.length > MOST_CLOSED && (
        <p class="dim">{closed.length - MOST_CLOSED} older ones are not shown.</p>
      )}
    </div>
  );
}

function Fact({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Row({ view, conversation }: Listed) {
  const last = view.messages.findLast(({ from }) => from !== "system");
  const approvals = conversation?.approvals.pending().length ?? 0;
  return (
    <tr>
      <td>
        <StateTag state={view.state} /> {approvals > 0 && <span class="tag warn">approval</span>}{" "}
        {conversation?.isAtWork && approvals === 0 && <span class="tag">at work</span>}
      </td>
      <td>
        <a href={`/operator/c/${view.id}`}>{last ? `${last.from}: ${last.text.slice(0, 90)}` : view.id}</a>
      </td>
      <td>
        {view.customer === null ? (
          <span class="dim">not checked</span>
        ) : (
          Object.entries(view.customer)
            .map(([name, value]) => `${name} ${value}`)
            .join(", ")
        )}
      </td>
      <td class="dim">{time(view.lastAt)}</td>
    </tr>
  );
}

export interface ConversationPage {
  view: ConversationView;
  events: readonly ChatEvent[];
  /** `null`: closed. */
  conversation: Conversation | null;
  decisions: readonly DecisionRecord[];
}

export function LiveView({ view, events, conversation, decisions }: ConversationPage) {
  const pending = conversation?.approvals.pending() ?? [];
  const waits = pending.length > 0 ? "An approval is asked for" : `State: ${STATES[view.state][0]}`;
  return (
    <div id="live" data-waits={waits}>
      <div class="heading">
        <h1>Conversation</h1>
        <StateTag state={view.state} />
        {conversation?.isAtWork && <span class="tag">at work</span>}
        {view.state === "agent" && isUnanswered(view) && !conversation?.isAtWork && (
          <span class="tag">waits for the customer</span>
        )}
      </div>
      <p class="dim">
        {view.id}, since {time(view.openedAt)} UTC{view.reason !== "" && `; ${view.reason}`}
      </p>
      {pending.map((question) => (
        <Approval id={view.id} question={question} />
      ))}
      {view.confirm && <p class="notice">The customer is asked: {view.confirm.text}</p>}
      {view.state !== "agent" && view.summary !== null && (
        <section class="panel" aria-label="Summary">
          <h2>Summary</h2>
          <p class="summary">{view.summary}</p>
        </section>
      )}
      <ol class="talk" aria-label="What was said and done">
        {events
          .map(describe)
          .filter((said) => said !== null)
          .map(([who, text, tag]) => (
            <li class={who.toLowerCase()}>
              <span class="who">{who}</span>
              <span class="said">
                {text} {tag !== undefined && <span class="tag warn">{tag}</span>}
              </span>
            </li>
          ))}
      </ol>
      {decisions.length > 0 && (
        <section class="panel" aria-label="Decisions">
          <h2>Decisions</h2>
          <ul>
            {decisions.map(({ decision, outcome }) => (
              <li>{describeDecision(decision, outcome?.outcome ?? null)}</li>
            ))}
          </ul>
        </section>
      )}
      {conversation?.hasBrowser && (
        <figure class="panel">
          <figcaption class="dim">The page as the agent sees it: {conversation.pageUrl}</figcaption>
          <img
            class="screen"
            alt="Page of the site that the agent is on"
            src={`/operator/c/${view.id}/picture?n=${view.n}`}
          />
        </figure>
      )}
    </div>
  );
}

function Approval({ id, question }: { id: string; question: Question }) {
  return (
    <section class="notice" aria-label="Approval">
      <h2>Approval</h2>
      <pre class="act">{describeQuestion(question)}</pre>
      <p class="dim">Without an answer by {time(question.until)} UTC, it is refused.</p>
      <form method="post" action={`/operator/c/${id}/approve`} class="row">
        <input type="hidden" name="question" value={question.id} />
        <label>
          Note <input name="note" maxlength={200} />
        </label>
        <button name="answer" value="yes">
          Approve
        </button>
        <button name="answer" value="no">
          Refuse
        </button>
      </form>
    </section>
  );
}

function describe(event: ChatEvent): [who: string, text: string, tag?: string] | null {
  switch (event.kind) {
    case "chat/message": {
      const who = { customer: "Customer", agent: "Agent", person: event.by ?? "Staff", system: "Notice" }[
        event.from
      ];
      return event.unsupported ? [who, event.text, "seen on no page"] : [who, event.text];
    }
    case "chat/asked":
      return ["Notice", `Asked for ${event.fields.map(({ label }) => label).join(", ")}`];
    case "chat/answered":
      return Object.keys(event.values).length === 0
        ? null
        : [
            "Customer",
            Object.entries(event.values)
              .map(([name, value]) => `${name}: ${value}`)
              .join(", "),
          ];
    case "chat/checked":
      return [
        "Notice",
        event.known
          ? "The customer's identity was checked"
          : "The customer's identity could not be confirmed",
      ];
    case "chat/confirm":
      return ["Notice", event.text];
    case "chat/confirmed":
      return ["Notice", `${event.yes ? "Yes" : "No"}, by ${event.by}`];
    case "chat/state":
      return ["Notice", `${STATES[event.state][0]}: ${event.reason}`];
    case "chat/note":
      return ["Note", `${event.by}: ${event.text}`];
    case "chat/turn":
      return event.failed ? ["Note", `A turn of the agent came to nothing: ${event.outcome}`] : null;
    case "chat/opened":
      return null;
  }
}

/** What can be done; beside the live part, so that what is being written stays. */
export function ActionsView({ view, error }: { view: ConversationView; error: string | null }) {
  const path = `/operator/c/${view.id}`;
  const isClosed = view.state === "closed";
  return (
    <aside class="panel actions" aria-label="What you can do">
      {error !== null && (
        <p class="bad" role="alert">
          {error}
        </p>
      )}
      {!isClosed && (
        <>
          <form method="post" action={`${path}/say`} class="stack">
            <label>
              Message to the customer
              <textarea name="text" rows={3} required></textarea>
            </label>
            <button>Send and take over</button>
          </form>
          <form method="post" action={`${path}/do`} class="stack">
            <label>
              What the agent should do on the site
              <textarea name="text" rows={2} required placeholder="Add the note: customer called"></textarea>
            </label>
            <button>Do it</button>
          </form>
        </>
      )}
      <div class="row">
        {!isClosed && <PostButton action={`${path}/take`} label="Take over" />}
        {!isClosed && <PostButton action={`${path}/give`} label="Give back to the agent" />}
        {!isClosed && <PostButton action={`${path}/close`} label="Close" />}
        {isClosed && <PostButton action={`${path}/delete`} label="Delete all that is stored of it" />}
      </div>
    </aside>
  );
}

function PostButton({ action, label }: { action: string; label: string }) {
  return (
    <form method="post" action={action}>
      <button>{label}</button>
    </form>
  );
}
