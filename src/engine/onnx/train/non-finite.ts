/** @file Apart from the trainer: the thread that uses the engine knows this error and never loads ONNX Runtime. */

/** A loss or gradient that is not a number. Weights and accumulated gradients are as they were. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
}
