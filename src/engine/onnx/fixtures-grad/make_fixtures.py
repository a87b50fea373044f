"""Writes operators.json and models.json beside this file: what PyTorch's autograd says about our operators and models.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install torch==2.13.0 transformers==5.23.0 safetensors numpy
    /tmp/venv/bin/python src/engine/onnx/fixtures-grad/make_fixtures.py

operators.json: by case {inputs: {name: {shape, data, trained}}, cotangent, y, gradients: {name: data}}, where
gradients are those of sum(cotangent * y). models.json: by checkpoint of ../fixtures, for the first sequence and
L = sum of all next-token log-probabilities, by tensor [sum of g, sum of g * cos(index)]. All computed in f64.
"""

import json
import math
from pathlib import Path

import torch

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
here = Path(__file__).parent


def f32(x):
    return x.to(torch.float32).to(torch.float64)


def random(*shape):
    return f32(torch.randn(*shape))


def positive(*shape):
    return f32(torch.rand(*shape) + 0.5)


def index(*values):
    return torch.tensor(values, dtype=torch.int64)


def rms_norm(x, w):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * w


def tables(length, half):
    angles = torch.arange(length)[:, None] * (100.0 ** (-torch.arange(half) / half))[None, :]
    return f32(angles.cos()), f32(angles.sin())


def rotary(x, cos, sin, positions, dim, interleaved):
    """x [B, H, T, D]"""
    c, s = cos[positions][:, None], sin[positions][:, None]
    turned, rest = x[..., :dim], x[..., dim:]
    if interleaved:
        a, b = turned[..., 0::2], turned[..., 1::2]
        out = torch.stack([a * c - b * s, a * s + b * c], -1).flatten(-2)
    else:
        a, b = turned.chunk(2, -1)
        out = torch.cat([a * c - b * s, a * s + b * c], -1)
    return torch.cat([out, rest], -1)


def attention(q, k, v, mask, alpha):
    return torch.softmax(alpha * q @ k.transpose(-1, -2) + mask, -1) @ v


def causal(queries, keys):
    return torch.where(torch.arange(keys)[None, :] <= torch.arange(queries)[:, None], 0.0, -1e30)


def token_logprobs(h, w, rows, targets):
    return torch.log_softmax(h @ w.T, -1)[rows, targets]


positions = index(*range(3)).reshape(1, 3).repeat(2, 1)
cos, sin = tables(8, 2)
cos4, sin4 = tables(8, 3)
cases = {
    "add": (dict(a=random(2, 3), b=random(3)), lambda a, b: a + b),
    "sub": (dict(a=random(2, 1), b=random(2, 3)), lambda a, b: a - b),
    "mul": (dict(a=random(2, 3), b=random(2, 1)), lambda a, b: a * b),
    "div": (dict(a=random(2, 3), b=positive(3)), lambda a, b: a / b),
    "neg": (dict(x=random(3)), lambda x: -x),
    "exp": (dict(x=random(3)), lambda x: x.exp()),
    "log": (dict(x=positive(3)), lambda x: x.log()),
    "sqrt": (dict(x=positive(3)), lambda x: x.sqrt()),
    "reciprocal": (dict(x=positive(3)), lambda x: 1 / x),
    "sigmoid": (dict(x=random(3)), lambda x: x.sigmoid()),
    "scale": (dict(x=random(3)), lambda x: 0.3 * x),
    "where": (
        dict(c=index(1, 0, 1), a=random(2, 3), b=random(3)),
        lambda c, a, b: torch.where(c.bool(), a, b),
    ),
    "silu": (dict(x=random(2, 3)), lambda x: x * x.sigmoid()),
    "reduceSum": (dict(x=random(2, 3, 2)), lambda x: x.sum((0, 2))),
    "softmax": (dict(x=random(2, 4)), lambda x: x.softmax(-1)),
    "reshape": (dict(x=random(2, 6)), lambda x: x.reshape(3, 4)),
    "transpose": (dict(x=random(2, 3, 4)), lambda x: x.permute(2, 0, 1)),
    "concat": (dict(a=random(2, 1), b=random(2, 2)), lambda a, b: torch.cat([a, b], 1)),
    "split": (dict(x=random(2, 5)), lambda x: x[:, :2] * x[:, 2:4]),
    "splitEqual": (dict(x=random(4, 2)), lambda x: x[:2] * x[2:]),
    "slice": (dict(x=random(2, 5)), lambda x: x[:, 1:4]),
    "expand": (dict(x=random(2, 1, 3)), lambda x: x.expand(2, 4, 3)),
    "gatherRows": (dict(x=random(4, 2), i=index(3, 0, 3)), lambda x, i: x[i]),
    "scatterAddRows": (
        dict(x=random(4, 2), i=index(3, 0, 3), u=random(3, 2)),
        lambda x, i, u: x.index_add(0, i, u),
    ),
    "matmul": (dict(a=random(3, 2), b=random(2, 4)), lambda a, b: a @ b),
    "matmul transposed a": (dict(a=random(2, 3), b=random(2, 4)), lambda a, b: a.T @ b),
    "matmul transposed b": (dict(a=random(3, 2), b=random(4, 2)), lambda a, b: 0.5 * a @ b.T),
    "matmul transposed both": (dict(a=random(2, 3), b=random(4, 2)), lambda a, b: a.T @ b.T),
    "matmul batched": (dict(a=random(2, 3, 4, 2), b=random(2, 1, 5, 2)), lambda a, b: a @ b.transpose(-1, -2)),
    "matmul by a weight": (dict(a=random(2, 3, 4), b=random(5, 4)), lambda a, b: a @ b.T),
    "matmulAdd": (dict(a=random(3, 2), b=random(4, 2), c=random(4)), lambda a, b, c: a @ b.T + c),
    "matmulAdd transposed a": (dict(a=random(2, 3), b=random(2, 4), c=random(3, 4)), lambda a, b, c: a.T @ b + c),
    "rmsNorm": (dict(x=random(3, 4), w=positive(4)), rms_norm),
    "rmsNorm of heads": (dict(x=random(2, 3, 2, 4), w=positive(4)), rms_norm),
    "rotary": (
        dict(x=random(2, 2, 3, 4), positions=positions, cos=cos, sin=sin),
        lambda x, positions, cos, sin: rotary(x, cos, sin, positions, 4, False),
    ),
    "rotary interleaved": (
        dict(x=random(2, 2, 3, 4), positions=positions, cos=cos, sin=sin),
        lambda x, positions, cos, sin: rotary(x, cos, sin, positions, 4, True),
    ),
    "rotary partial": (
        dict(x=random(2, 2, 3, 8), positions=positions, cos=cos4, sin=sin4),
        lambda x, positions, cos, sin: rotary(x, cos, sin, positions, 6, False),
    ),
    "attention": (
        dict(q=random(2, 2, 3, 4), k=random(2, 2, 3, 4), v=random(2, 2, 3, 4), mask=causal(3, 3)),
        lambda q, k, v, mask: attention(q, k, v, mask, 0.5),
    ),
    "attention grouped": (
        dict(q=random(1, 2, 3, 2, 4), k=random(1, 2, 1, 5, 4), v=random(1, 2, 1, 5, 4)),
        lambda q, k, v: attention(q, k, v, 0.0, 0.5),
    ),
    "tokenLogprobs": (
        dict(h=random(3, 4), w=random(5, 4), rows=index(0, 2, 2, 1), targets=index(4, 0, 3, 4)),
        token_logprobs,
    ),
    "gatherRows unique": (dict(x=random(4, 2), i=index(3, 0)), lambda x, i: x[i]),
    "checkpoint": (
        dict(x=random(3, 4), w=random(4, 4)),
        lambda x, w: x + torch.nn.functional.silu(x @ w.T),
    ),
}

not_trained = {"c", "i", "positions", "cos", "sin", "mask", "rows", "targets"}


def flat(x):
    return [float(f"{v:.9g}") for v in x.flatten().tolist()]


operators = {}
for name, (inputs, function) in cases.items():
    trained = [key for key in inputs if key not in not_trained or (name.startswith("matmul") and key == "c")]
    for key in trained:
        inputs[key].requires_grad_(True)
    y = function(**inputs)
    cotangent = random(*y.shape)
    gradients = torch.autograd.grad((y * cotangent).sum(), [inputs[key] for key in trained])
    operators[name] = dict(
        inputs={
            key: dict(
                shape=list(x.shape),
                data=x.tolist() if x.dim() == 1 and x.dtype == torch.int64 else flat(x.detach()),
                trained=key in trained,
            )
            for key, x in inputs.items()
        },
        cotangent=dict(shape=list(y.shape), data=flat(cotangent)),
        y=flat(y.detach()),
        gradients={key: flat(g) for key, g in zip(trained, gradients)},
    )
(here / "operators.json").write_text(json.dumps(operators))

from transformers import AutoModelForCausalLM  # noqa: E402

models = {}
for directory in sorted((here.parent / "fixtures").iterdir()):
    if not (directory / "config.json").exists():
        continue
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float64, attn_implementation="eager")
    # Otherwise PyTorch leaves out the gradient of the padding token's row.
    model.get_input_embeddings().padding_idx = None
    tokens = torch.tensor([json.loads((directory / "expected.json").read_text())["sequences"][0]["tokens"]])
    logprobs = torch.log_softmax(model(tokens).logits[0, :-1], -1).gather(1, tokens[0, 1:, None])
    logprobs.sum().backward()
    models[directory.name] = {
        name: [
            float(f"{parameter.grad.sum():.9g}"),
            float(f"{(parameter.grad.flatten() * torch.arange(parameter.numel()).cos()).sum():.9g}"),
        ]
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    assert all(math.isfinite(x) for pair in models[directory.name].values() for x in pair)
(here / "models.json").write_text(json.dumps(models))
