/** @file Arrays as little-endian bytes, the way the protocol's protobuf bodies carry them. */

const TWO_32 = 2 ** 32;

function viewOf(bytes: Uint8Array, width: number, what: string): DataView {
  if (bytes.byteLength % width !== 0)
    throw new WireError(
      `${what}: ${bytes.byteLength} bytes are not a whole number of ${width}-byte elements`,
    );
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A body that is not what the protocol says. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export function float32Bytes(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  return new Uint8Array(view.buffer);
}

export function readFloat32(bytes: Uint8Array, what: string): number[] {
  const view = viewOf(bytes, 4, what);
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true));
}

export function int32Bytes(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setInt32(i * 4, values[i]!, true);
  return new Uint8Array(view.buffer);
}

export function readInt32(bytes: Uint8Array, what: string): number[] {
  const view = viewOf(bytes, 4, what);
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getInt32(i * 4, true));
}

export function int64Bytes(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isSafeInteger(value)) throw new WireError(`${value} is not an int64`);
    view.setUint32(i * 8, value >>> 0, true);
    view.setInt32(i * 8 + 4, Math.floor(value / TWO_32), true);
  }
  return new Uint8Array(view.buffer);
}

export function readInt64(bytes: Uint8Array, what: string): number[] {
  const view = viewOf(bytes, 8, what);
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) => {
    const value = view.getInt32(i * 8 + 4, true) * TWO_32 + view.getUint32(i * 8, true);
    if (!Number.isSafeInteger(value)) throw new WireError(`${what}: entry ${i} is beyond 2^53`);
    return value;
  });
}

/** The upper half of a float32. */
export function readBfloat16(bytes: Uint8Array, what: string): number[] {
  const view = viewOf(bytes, 2, what);
  const wide = new DataView(new ArrayBuffer(4));
  return Array.from({ length: bytes.byteLength / 2 }, (_, i) => {
    wide.setUint32(0, view.getUint16(i * 2, true) * 2 ** 16);
    return wide.getFloat32(0);
  });
}
