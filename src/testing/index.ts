/** @file `webrl/testing`: conformance kits of the contracts, and one small fake of each. */

export type * from "../core/action.ts";
export type * from "../core/chat.ts";
export type * from "../core/contracts.ts";
export type * from "../core/engine.ts";
export type * from "../core/episode.ts";
export type * from "../core/observation.ts";
export type * from "../core/task.ts";
export type * from "../core/trajectory.ts";
export type { FaultCode } from "../core/errors.ts";
export type { Rng } from "../core/rng.ts";

export { engineRules } from "./engine-kit.ts";
export type { EngineUnderTest } from "./engine-kit.ts";
export { createFakeEngine, createFakeTokenizer, FAKE_SPECIAL_TOKENS, FAKE_WORDS } from "./fake-engine.ts";
export type { FakeEngineOptions } from "./fake-engine.ts";
export { createFakeSite, fakeOracle, fakeTasks } from "./fake-site.ts";
export type { FakeSiteOptions } from "./fake-site.ts";
export { checkVerdict, createFakeJudge, createFakeProposer, judgeRules, proposerRules } from "./judge-kit.ts";
export type { FakeJudgeOptions } from "./judge-kit.ts";
export { runRules } from "./kit.ts";
export type { Rule } from "./kit.ts";
export { suiteRules } from "./suite-kit.ts";
export type { SuiteUnderTest } from "./suite-kit.ts";
export { siteRules } from "./site-kit.ts";
export type { SiteUnderTest } from "./site-kit.ts";
