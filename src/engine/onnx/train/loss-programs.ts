/**
 * @file The compiled graphs of training: log-probabilities, and their gradients with respect to what is trained.
 *
 * The loss enters only as ∂L/∂logprob, a graph input. Cross-entropy knows it beforehand (−weight), so one run gives
 * everything (`fused`). A custom loss needs the log-probabilities first: the same graph is cut in two (`split`) and
 * the activations that both halves need are handed over, or, where these are too large, the forward half runs twice.
 *
 * Layers below every adapter are a program of their own, the trunk: its hidden states are an input of the others,
 * because they never change and are computed once for all who read the same tokens (`trunk-cache.ts`).
 */

import { causalAttention } from "../models/attention.ts";
import {
  decoder,
  declareInputs,
  declareWeights,
  headWeight,
  loraInputName,
  trunk,
} from "../models/decoder.ts";
import { gradients } from "../graph/autodiff.ts";
import { checkpoint } from "../graph/checkpointing.ts";
import { compile, type CompileOptions, type Program } from "../graph/compile.ts";
import { Graph, reachable } from "../graph/graph.ts";
import { tokenLogprobs } from "../graph/nn.ts";
import type { Value } from "../graph/value.ts";
import type { DecoderConfig } from "../models/config.ts";
import { frozenLayers, type LoraSpec } from "../models/parameters.ts";

/** Input of the programs of a model with a trunk, float32 [M, hiddenSize]. */
export const trunkInput = "trunk";

export const gradientName = (parameter: string): string => `grad:${parameter}`;

export interface Variant {
  /** Blocks of causal attention. */
  blocks: number;
  /** Recompute each layer in the backward pass. */
  recompute: boolean;
}

export interface SplitPrograms {
  forward: Program;
  backward: Program;
  /** Outputs of `forward` that are inputs of `backward`. */
  handedOver: readonly string[];
}

interface LossGraph {
  graph: Graph;
  logprobs: Value;
  gradients: Record<string, Value>;
}

/** Programs by kind and variant, compiled when first asked for. */
export class LossPrograms implements AsyncDisposable {
  readonly #config: DecoderConfig;
  readonly #lora: readonly LoraSpec[];
  readonly #options: CompileOptions;
  readonly #graphs = new Map<string, LossGraph>();
  readonly #programs = new Map<string, Promise<Program>>();
  /** Layers of the trunk; 0 where there is none. */
  readonly trunkLayers: number;

  /** With adapters only these are trained; without, every parameter. */
  constructor(config: DecoderConfig, lora: readonly LoraSpec[], options: CompileOptions) {
    this.#config = config;
    this.#lora = lora;
    this.#options = options;
    this.trunkLayers = frozenLayers(config, lora);
  }

  /** Hidden states `hidden` of the trunk. */
  trunk(variant: Variant): Promise<Program> {
    const key = `trunk/${variant.blocks}`;
    let program = this.#programs.get(key);
    if (!program) {
      const graph = new Graph(`${this.#config.architecture} trunk`);
      const io = declareInputs(graph);
      const attend = causalAttention(this.#config, graph, io.positions, variant.blocks);
      const weights = declareWeights(graph, this.#config);
      const hidden = trunk(graph, this.#config, weights, { ...io, attend, layers: this.trunkLayers });
      program = compile(graph, { hidden }, this.#options);
      this.#programs.set(key, program);
    }
    return program;
  }

  /** Log-probabilities only. */
  logprobs(variant: Variant): Promise<Program> {
    return this.#program("logprobs", variant, ({ logprobs }) => ({ outputs: { logprobs }, given: [] }));
  }

  /** Log-probabilities and gradients in one run. */
  buildFused(variant: Variant): Promise<Program> {
    return this.#program("fused", variant, ({ logprobs, gradients }) => ({
      outputs: { logprobs, ...gradients },
      given: [],
    }));
  }

  /** The two halves. */
  async split(variant: Variant): Promise<SplitPrograms> {
    const cut = this.#cut(variant);
    const named = Object.fromEntries(cut.map((value) => [value.name, value]));
    const [forward, backward] = await Promise.all([
      this.#program("forward", variant, ({ logprobs }) => ({ outputs: { logprobs, ...named }, given: [] })),
      this.#program("backward", variant, ({ gradients }) => ({ outputs: gradients, given: cut })),
    ]);
    return { forward, backward, handedOver: Object.keys(named) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const programs = await Promise.allSettled(this.#programs.values());
    this.#programs.clear();
    for (const program of programs)
      if (program.status === "fulfilled") await program.value[Symbol.asyncDispose]();
  }

  /** Values that the forward half computes and the backward half reads. */
  #cut(variant: Variant): Value[] {
    const { graph, logprobs, gradients } = this.#graph(variant);
    const forward = new Map(
      reachable(graph.nodes, [logprobs]).flatMap((node) =>
        node.outputs.map((output) => [output.name, output]),
      ),
    );
    const cut = new Map<string, Value>();
    for (const node of reachable(graph.nodes, Object.values(gradients))) {
      if (forward.has(node.outputs[0]!.name)) continue;
      for (const input of node.inputs) if (input && forward.has(input.name)) cut.set(input.name, input);
    }
    return [...cut.values()];
  }

  #program(
    kind: string,
    variant: Variant,
    pick: (graph: LossGraph) => { outputs: Record<string, Value>; given: readonly Value[] },
  ): Promise<Program> {
    const key = `${kind}/${variantKey(variant)}`;
    let program = this.#programs.get(key);
    if (!program) {
      const built = this.#graph(variant);
      const { outputs, given } = pick(built);
      program = compile(built.graph, outputs, { ...this.#options, given });
      this.#programs.set(key, program);
    }
    return program;
  }

  #graph(variant: Variant): LossGraph {
    const key = variantKey(variant);
    let graph = this.#graphs.get(key);
    if (!graph) {
      graph = buildLossGraph(this.#config, this.#lora, variant, (this.#options.provider ?? "cpu") !== "cpu");
      this.#graphs.set(key, graph);
    }
    return graph;
  }
}

const variantKey = ({ blocks, recompute }: Variant): string => `${blocks}${recompute ? "/recompute" : ""}`;

/** Exported for tests of what is differentiated. */
export function buildLossGraph(
  config: DecoderConfig,
  lora: readonly LoraSpec[],
  variant: Variant,
  portable: boolean,
): LossGraph {
  const graph = new Graph(`${config.architecture} loss`, { portable });
  const io = declareInputs(graph);
  const weights = declareWeights(graph, config, lora);
  const rows = graph.input("rows", "int32", ["R"]);
  const targetRows = graph.input("target_rows", "int32", ["N"]);
  const targets = graph.input("targets", "int32", ["N"]);
  const dLogprobs = graph.input("d_logprobs", "float32", ["N"]);
  const layer = frozenLayers(config, lora);
  const above =
    layer > 0 ? { layer, hidden: graph.input(trunkInput, "float32", ["M", config.hiddenSize]) } : null;
  const hidden = decoder(graph, config, weights, {
    ...io,
    rows,
    ...(above ? { above } : {}),
    attend: causalAttention(config, graph, io.positions, variant.blocks),
    ...(variant.recompute ? { wrapLayer: checkpoint } : {}),
  });
  const logprobs = tokenLogprobs(hidden, headWeight(config, weights), targetRows, targets);
  const trained: [string, Value][] =
    lora.length > 0
      ? [...weights.adapters].flatMap(([module, { a, b }]): [string, Value][] => [
          [loraInputName(module, "A"), a],
          [loraInputName(module, "B"), b],
        ])
      : [...weights.parameters];
  const computed = gradients(
    graph,
    [{ value: logprobs, gradient: dLogprobs }],
    trained.map(([, value]) => value),
  );
  return {
    graph,
    logprobs,
    gradients: Object.fromEntries(trained.map(([name], i) => [gradientName(name), computed[i]!])),
  };
}
