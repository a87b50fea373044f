/**
 * @file The messages that a page sends over a WebSocket (RFC 6455, 5.2), each passed on only when it has been let
 * through.
 */

import type { Duplex } from "node:stream";

const CONTINUATION = 0;
/** From here on: close, ping, pong. */
const CONTROL = 8;
const LONGEST_BYTES = 32 * 1024 * 1024;

interface Frame {
  final: boolean;
  opcode: number;
  payload: Buffer;
  /** The frame as it came. */
  bytes: Buffer;
}

/** The frame at the beginning of `bytes`; `null` if it is not complete yet. */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]! & 0x7f;
  const masked = (bytes[1]! & 0x80) !== 0;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extended + (masked ? 4 : 0);
  if (bytes.length < start) return null;
  const length =
    extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > LONGEST_BYTES) throw new Error("a message over a WebSocket is too long");
  if (bytes.length < start + length) return null;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (masked) for (let i = 0; i < length; i++) payload[i]! ^= bytes[start - 4 + (i & 3)]!;
  return {
    final: (bytes[0]! & 0x80) !== 0,
    opcode: bytes[0]! & 0x0f,
    payload,
    bytes: Buffer.from(bytes.subarray(0, start + length)),
  };
}

/** Passes whole messages on, in order; those that are not let through are left out. */
export function guardFrames(options: {
  from: Duplex;
  /** What came with the handshake. */
  head: Buffer;
  to: Duplex;
  ask: (message: Buffer) => Promise<boolean>;
}): void {
  const { from, to, ask } = options;
  let buffered = options.head;
  let message: Frame[] = [];
  const pass = async () => {
    for (let frame = readFrame(buffered); frame; frame = readFrame(buffered)) {
      buffered = buffered.subarray(frame.bytes.length);
      if (frame.opcode >= CONTROL) {
        to.write(frame.bytes);
        continue;
      }
      if (frame.opcode !== CONTINUATION) message = [];
      message.push(frame);
      if (!frame.final) continue;
      const whole = message;
      message = [];
      if (await ask(Buffer.concat(whole.map(({ payload }) => payload))))
        for (const { bytes } of whole) to.write(bytes);
    }
  };
  let passing: Promise<void> = Promise.resolve();
  const next = () => {
    passing = passing.then(pass).catch(() => {
      from.destroy();
      to.destroy();
    });
  };
  from.on("data", (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    next();
  });
  from.on("end", () => to.end());
  next();
}
