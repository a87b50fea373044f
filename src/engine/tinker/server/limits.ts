/**
 * @file What a client may ask for at once. Beyond that the server refuses and says when to come again; its memory never
 * grows further.
 */

export interface ServerLimits {
  /** Of one request's body. */
  bodyBytes: number;
  datumsPerRequest: number;
  /** Training models that are open at once. */
  models: number;
  /** Sets of sampling weights in memory at once; others are read again when asked for. */
  openSamplers: number;
  sessions: number;
  /** Bytes of requests that were accepted and are not done. */
  queuedBytes: number;
  /** Requests of one model that wait for their turn. */
  queuedPerModel: number;
  /** Sequences that are sampled or wait for it. */
  queuedSequences: number;
  /** Bytes of results that wait to be fetched. */
  resultBytes: number;
  /** Seconds after which a session is ended that gives no sign of life. */
  sessionSeconds: number;
  /** Seconds that a result is kept for a client that did not fetch it. */
  resultSeconds: number;
  /** Seconds of computing that a restart may have to repeat; then the state is saved. */
  replaySeconds: number;
}

export const LIMITS: ServerLimits = {
  bodyBytes: 64 * 2 ** 20,
  datumsPerRequest: 4096,
  models: 8,
  openSamplers: 4,
  sessions: 256,
  queuedBytes: 256 * 2 ** 20,
  queuedPerModel: 1024,
  queuedSequences: 2048,
  resultBytes: 256 * 2 ** 20,
  sessionSeconds: 300,
  resultSeconds: 600,
  replaySeconds: 20,
};
