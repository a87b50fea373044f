/**
 * @file A file apart from the trainer: the thread that uses the engine needs this error and never loads ONNX Runtime.
 */

/** A loss or gradient that is not a number. Weights and accumulated gradients are as they were. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
}
