/**
 * @file Public entry `webrl/tinker`: engines whose models live on a server of the Tinker protocol, and the probe of
 * such a server.
 */

export type * from "../../core/engine.ts";
export { Fault, type FaultCode } from "../../core/errors.ts";
export { createTinkerEngine, type TinkerEngineOptions } from "./client/engine.ts";
export type { SamplerSettings } from "./client/sampled-elsewhere.ts";
export { TinkerError, type TinkerTrouble } from "./client/errors.ts";
export type { Patience } from "./client/connection.ts";
export type { Clock, Outgoing, Reply, Send } from "./client/transport.ts";
export type { ServerProfile } from "./profile.ts";
export type { ProbeReport, ProbeRow } from "./probe.ts";
export { probeTinkerServer, type ProbeTinkerOptions } from "./probe-tinker-server.ts";
