import fc from "fast-check";
import { expect, it } from "vitest";

import { parseDecoderConfig } from "../models/config.ts";
import { cacheBytes, KvCache, rowBytes } from "./kv-cache.ts";
import { pastNames } from "./programs.ts";

const config = (headDim: number) =>
  parseDecoderConfig(
    {
      architectures: ["LlamaForCausalLM"],
      vocab_size: 8,
      hidden_size: 8,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: headDim,
      intermediate_size: 8,
      max_position_embeddings: 1024,
    },
    "test",
  );

/** A number that says where it belongs. */
const mark = (id: number, token: number, layer: number, kind: number, head: number, i: number) =>
  Math.fround(id * 1e5 + token * 64 + layer * 32 + kind * 16 + head * 8 + i);

it.each([8, 4])(
  "holds every row's tokens in order while rows are added, grown, moved and removed (head size %i)",
  (headDim) => {
    const command = fc.oneof(
      fc.record({
        kind: fc.constant("add" as const),
        tokens: fc.integer({ min: 1, max: 150 }),
      }),
      fc.record({ kind: fc.constant("step" as const), count: fc.integer({ min: 1, max: 70 }) }),
      fc.record({ kind: fc.constant("remove" as const), row: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), (commands) => {
        const model = config(headDim);
        const cache = new KvCache(model, 5);
        let rows: { id: number; tokens: number }[] = [];
        let ids = 0;
        for (const step of commands) {
          if (step.kind === "add" && rows.length < 5) {
            const { tokens } = step;
            const id = ++ids;
            cache.reserve(Math.max(2, rows.length + 1), tokens + 1, rows.length);
            const states = [0, 1].map((layer) => {
              const keysTransposed = new Float32Array(2 * headDim * tokens).fill(-1);
              const values = new Float32Array(2 * tokens * headDim).fill(-1);
              for (let head = 0; head < 2; head++)
                for (let i = 0; i < headDim; i++)
                  for (let t = 0; t < tokens; t++) {
                    keysTransposed[(head * headDim + i) * tokens + t] = mark(id, t, layer, 0, head, i);
                    values[(head * tokens + t) * headDim + i] = mark(id, t, layer, 1, head, i);
                  }
              return { keysTransposed, values };
            });
            cache.fill(rows.length, states, tokens);
            rows.push({ id, tokens });
          } else if (step.kind === "step") {
            for (let n = 0; n < step.count && rows.length > 0; n++) {
              cache.reserve(
                Math.max(2, rows.length),
                Math.max(...rows.map(({ tokens }) => tokens)) + 1,
                rows.length,
              );
              rows.forEach((row, r) => {
                const state = [0, 1].flatMap((layer) =>
                  [0, 1].flatMap((kind) =>
                    [0, 1].flatMap((head) =>
                      Array.from({ length: headDim }, (_, i) =>
                        mark(row.id, row.tokens, layer, kind, head, i),
                      ),
                    ),
                  ),
                );
                cache.append(r, row.tokens, Float32Array.from(state));
                row.tokens++;
              });
            }
          } else if (step.kind === "remove" && step.row < rows.length) {
            const last = rows.length - 1;
            if (step.row !== last) cache.move(last, step.row);
            rows = rows.with(step.row, rows[last]!).slice(0, last);
          }
        }
        if (rows.length === 0) return;
        const feeds = cache.feeds(rows.length);
        for (const layer of [0, 1]) {
          const keys = feeds[pastNames(layer).keys]!;
          const values = feeds[pastNames(layer).values]!;
          const length = keys.dims[3]!;
          expect(values.dims).toEqual([rows.length, 2, length, headDim]);
          rows.forEach(({ id, tokens }, r) => {
            for (let head = 0; head < 2; head++)
              for (let i = 0; i < headDim; i++)
                for (let t = 0; t < tokens; t++) {
                  const wanted = [mark(id, t, layer, 0, head, i), mark(id, t, layer, 1, head, i)];
                  const keyAt = ((r * 2 + head) * headDim + i) * length + t;
                  const valueAt = ((r * 2 + head) * length + t) * headDim + i;
                  if (keys.data[keyAt] !== wanted[0] || values.data[valueAt] !== wanted[1])
                    expect([keys.data[keyAt], values.data[valueAt]]).toEqual(wanted);
                }
          });
        }
      }),
      { numRuns: 60 },
    );
  },
);

it("a row of n tokens takes layers × kvHeads × headDim × n numbers, twice, of four bytes", () => {
  expect(rowBytes(config(8), 10)).toBe(2 * 2 * 8 * 10 * 2 * 4);
});

it("rows that become long are not asked for as many as there were short ones", () => {
  const model = config(8);
  const cache = new KvCache(model, 32);
  cache.reserve(32, 64, 0);
  cache.reserve(2, 1024, 1);
  const { data } = cache.feeds(2)[pastNames(0).keys]!;
  expect(data.buffer.byteLength * 4).toBe(cacheBytes(model, 2, 1024));
});
