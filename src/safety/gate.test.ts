import { expect, it, vi } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { approvalQueue, describeQuestion } from "./approval.ts";
import type { Approver, Intent } from "./approval.ts";
import { openGate } from "./gate.ts";
import type { AuditEntry } from "./gate.ts";
import { startSpent } from "./ledger.ts";
import { parsePolicy } from "./policy.ts";
import type { SafetySettings } from "./policy.ts";

const intent: Intent = {
  by: "agent",
  effect: "buy",
  pageUrl: "http://shop.test/checkout",
  method: "POST",
  url: "http://shop.test/orders",
  fields: [["address", "1"]],
  amount: 10,
  shownAmount: 10,
  action: "click",
  element: "Place order",
  why: "the site declares it",
};

function gateOf(settings: SafetySettings, approver?: Approver, spentToday = startSpent()) {
  const entries: AuditEntry[] = [];
  const audit = { append: (entry: AuditEntry) => void entries.push(entry), sumSpent: () => spentToday };
  return { gate: openGate({ policy: parsePolicy(settings), approver, audit }), entries };
}

it.each<[string, Approver | undefined, RegExp]>([
  ["nobody who could be asked", undefined, /nobody is there/],
  [
    "a no",
    async () => ({ approved: false, by: "ann", note: "too dear" }),
    /ann did not approve it \(too dear\)/,
  ],
  ["an answer without a name", async () => ({ approved: true, by: "" }), /nobody did not approve/],
  ["an answer that is none", async () => "yes" as never, /did not approve/],
  ["a failure to ask", async () => Promise.reject(new Error("offline")), /asking failed: offline/],
])("%s is a no", async (_, approver, reason) => {
  const { gate } = gateOf({}, approver);
  const decision = await gate.decide(intent);
  expect(decision.granted).toBe(false);
  expect(decision.reason).toMatch(reason);
});

it("no answer in time is a no, and a late yes changes nothing", async () => {
  vi.useFakeTimers();
  try {
    const queue = approvalQueue();
    const { gate } = gateOf({ approval: { timeoutSeconds: 5 } }, queue.approver);
    const deciding = gate.decide(intent);
    await vi.advanceTimersByTimeAsync(4000);
    const [question] = queue.pending();
    expect(question?.intent).toEqual(intent);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await deciding).toMatchObject({
      granted: false,
      reason: expect.stringContaining("no answer in time"),
    });
    expect(queue.pending()).toEqual([]);
    expect(queue.answer(question!.id, { approved: true, by: "ann" })).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});

it("counts the time in which somebody is being asked, questions at one time once", async () => {
  vi.useFakeTimers();
  try {
    const queue = approvalQueue();
    const { gate } = gateOf({}, queue.approver);
    expect(gate.sumAskedMs()).toBe(0);
    const deciding = [gate.decide(intent), gate.decide({ ...intent, amount: 11 })];
    await vi.advanceTimersByTimeAsync(4000);
    expect(gate.sumAskedMs()).toBe(4000);
    for (const { id } of queue.pending()) queue.answer(id, { approved: true, by: "ann" });
    await Promise.all(deciding);
    await vi.advanceTimersByTimeAsync(1000);
    expect(gate.sumAskedMs()).toBe(4000);
  } finally {
    vi.useRealTimers();
  }
});

it("somebody who no longer waits gets no", async () => {
  const queue = approvalQueue();
  const { gate } = gateOf({}, queue.approver);
  const end = new AbortController();
  const deciding = gate.decide(intent, { signal: end.signal });
  end.abort(new Error("interrupted"));
  expect(await deciding).toMatchObject({ granted: false, reason: expect.stringContaining("interrupted") });
});

it("a queue tells of its questions, and an answer decides", async () => {
  const queue = approvalQueue();
  const { gate, entries } = gateOf({}, queue.approver);
  let changes = 0;
  const stop = queue.onChange(() => changes++);
  const deciding = gate.decide(intent);
  await vi.waitFor(() => expect(queue.pending()).toHaveLength(1));
  expect(queue.answer(queue.pending()[0]!.id, { approved: true, by: "ann" })).toBe(true);
  expect(await deciding).toMatchObject({ granted: true });
  expect(changes).toBe(2);
  stop();
  expect(entries).toMatchObject([{ kind: "decision", verdict: "ask", answer: { by: "ann" }, granted: true }]);
});

it("rules go before effects, the first that fits before the others", async () => {
  const { gate } = gateOf({
    effects: { buy: "deny" },
    rules: [
      { name: "never there", hosts: ["other.test"], verdict: "allow" },
      { name: "small", effects: ["buy"], paths: ["/orders"], amountUpTo: 20, verdict: "allow" },
      { name: "middle", effects: ["buy"], amountUpTo: 100, verdict: "ask" },
    ],
  });
  expect(gate.weigh(intent)).toMatchObject({ verdict: "allow", rule: 'rule "small"' });
  expect(gate.weigh({ ...intent, amount: 50 }).rule).toBe('rule "middle"');
  expect(gate.weigh({ ...intent, amount: 500 }).verdict).toBe("deny");
  expect(gate.weigh({ ...intent, amount: null }).verdict).toBe("deny");
  expect(gate.weigh({ ...intent, url: "http://other.test/x" }).verdict).toBe("allow");
});

it("limits count what was granted, by run and by day, and not what came to nothing", async () => {
  const limits = { amountPerRun: 25, countPerDay: { buy: 4 } };
  const { gate } = gateOf({ effects: { buy: "allow" }, limits }, undefined, {
    amount: 10,
    counts: { buy: 1 },
  });
  const granted = async () => (await gate.decide(intent)).granted;
  expect(await granted()).toBe(true);
  const unused = await gate.decide(intent);
  expect(unused.granted).toBe(true);
  expect(await granted()).toBe(false);
  unused.end("nothing was sent", { unused: true });
  expect(await granted()).toBe(true);
  gate.beginRun("second");
  expect(await granted()).toBe(true);
  expect((await gate.decide(intent)).reason).toMatch(/countPerDay.buy is 4/);
});

it("what is over a limit may be asked about", async () => {
  const settings: SafetySettings = { effects: { buy: "allow" }, limits: { amountPerAction: 5, over: "ask" } };
  const { gate } = gateOf(settings, async () => ({ approved: true, by: "ann" }));
  expect(await gate.decide(intent)).toMatchObject({
    granted: true,
    rule: "limits.amountPerAction is 5 and this is 10",
  });
});

it("a limit by day needs a log to count by", () => {
  expect(() => openGate({ policy: parsePolicy({ limits: { amountPerDay: 5 } }) })).toThrow(ConfigError);
});

it("a secret that is not there, or is an ordinary word, is refused by its name", () => {
  const of = (value: string | undefined) => () => {
    if (value === undefined) delete process.env["GATE_TEST_SECRET"];
    else process.env["GATE_TEST_SECRET"] = value;
    gateOf({ secrets: { CARD: { env: "GATE_TEST_SECRET", hosts: ["shop.test"] } } });
  };
  expect(of(undefined)).toThrow(
    /secret CARD comes from the environment variable GATE_TEST_SECRET, which is not set/,
  );
  expect(of("lamp")).toThrow(/secret CARD cannot be kept/);
});

it("a question says what is sent and what is odd, and its words cannot move a terminal's cursor", () => {
  const text = describeQuestion({
    id: "q",
    rule: "effects.buy is ask",
    askedAt: "",
    until: "",
    intent: { ...intent, shownAmount: 1, element: "Next\u001b[2J" },
  });
  expect(text).toContain("wants to place an order (amount 10)");
  expect(text).toContain("POST http://shop.test/orders");
  expect(text).toContain("CAREFUL the page shows 1, but the request says 10");
  expect(text).not.toContain("\u001b");
});
