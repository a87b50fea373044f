/** @file The Python side of `bench train`, as text because the build carries TypeScript only. */

export const trainPeerScript = `"""The peer of webrl bench train: the same model, weights and batch in plain PyTorch, as fast as PyTorch offers it
(scaled_dot_product_attention, F.rms_norm, fused AdamW). Reads a JSON job from standard input:
{config, weights: file of f32 tensors one after the other, specs: [[name, shape]], tokens_BT, seconds, threads, mode}.
Prints one JSON line: {stepSeconds: best, loss: of the first step, peakBytes} or {error}.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

job = json.load(sys.stdin)
config = job["config"]
torch.set_num_threads(job["threads"])
raw = torch.from_file(job["weights"], dtype=torch.float32, size=sum(job["sizes"]))
parameters = {}
at = 0
for (name, shape), size in zip(job["specs"], job["sizes"]):
    parameters[name] = raw[at : at + size].reshape(shape).clone().requires_grad_(True)
    at += size

d, heads, kv, dim = (config[k] for k in ("hiddenSize", "heads", "kvHeads", "headDim"))
tokens = torch.tensor(job["tokens_BT"])
inputs, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].reshape(-1)
batch, time_ = inputs.shape
angles = torch.arange(time_)[:, None] * config["theta"] ** (-torch.arange(0, dim, 2) / dim)[None, :]
cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()


def turn(x):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def loss_of(p, inputs, targets):
    x = F.embedding(inputs, p["model.embed_tokens.weight"])
    for layer in range(config["layers"]):
        w = lambda name: p[f"model.layers.{layer}.{name}.weight"]  # noqa: B023, E731
        h = F.rms_norm(x, (d,), w("input_layernorm"), config["normEpsilon"])
        q = turn((h @ w("self_attn.q_proj").T).view(batch, time_, heads, dim).transpose(1, 2))
        k = turn((h @ w("self_attn.k_proj").T).view(batch, time_, kv, dim).transpose(1, 2))
        v = (h @ w("self_attn.v_proj").T).view(batch, time_, kv, dim).transpose(1, 2)
        o = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=heads != kv)
        x = x + o.transpose(1, 2).reshape(batch, time_, heads * dim) @ w("self_attn.o_proj").T
        h = F.rms_norm(x, (d,), w("post_attention_layernorm"), config["normEpsilon"])
        x = x + (F.silu(h @ w("mlp.gate_proj").T) * (h @ w("mlp.up_proj").T)) @ w("mlp.down_proj").T
    x = F.rms_norm(x, (d,), p["model.norm.weight"], config["normEpsilon"])
    return F.cross_entropy((x @ p["model.embed_tokens.weight"].T).view(-1, config["vocabSize"]), targets)


optimizer = torch.optim.AdamW(parameters.values(), lr=1e-4, weight_decay=0.0, fused=True)
function = torch.compile(loss_of) if job["mode"] == "compile" else loss_of


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = function(parameters, inputs, targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
    optimizer.step()
    return loss.item()


try:
    first = step()
    step()
    best, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < job["seconds"]:
        before = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - before)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(dict(stepSeconds=best, loss=first, peakBytes=peak, version=torch.__version__)))
except Exception as error:  # noqa: BLE001
    print(json.dumps(dict(error=str(error).strip().splitlines()[0])))
`;
