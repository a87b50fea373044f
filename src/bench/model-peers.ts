/** @file The Python side of `bench train|sample --model`, as text because the build carries TypeScript only. */

const head = `
import json, resource, sys, time
import torch

job = json.load(sys.stdin)
torch.set_num_threads(job["threads"])

def best(run, enough):
    least, runs, start = float("inf"), 0, time.perf_counter()
    while not enough(runs, time.perf_counter() - start):
        before = time.perf_counter()
        run()
        least, runs = min(least, time.perf_counter() - before), runs + 1
    return least

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
`;

/**
 * PEFT as fast as it can be: the head computes the target rows only, and AdamW is fused. Each process has one element
 * type and one kind of attention. Gives {mode: {seconds, …}}.
 */
export const peftPeerScript = `${head}
import peft, transformers

dtype = getattr(torch, job["dtype"])
base = transformers.AutoModelForCausalLM.from_pretrained(job["model"], dtype=dtype, attn_implementation=job["attention"])
config = peft.LoraConfig(r=job["rank"], lora_alpha=2 * job["rank"], target_modules="all-linear", task_type="CAUSAL_LM",
                         layers_to_transform=job["layers"] and list(range(base.config.num_hidden_layers))[-job["layers"]:])
model = peft.get_peft_model(base, config)
tokens, targets = torch.tensor(job["tokens_BT"]), torch.tensor(job["targets_BN"])
count = targets.shape[1]
parameters = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.0, fused=True)
mode = f"PEFT {peft.__version__} {job['dtype']} {job['attention']}"

def step():
    optimizer.zero_grad(set_to_none=True)
    logits = model(input_ids=tokens, logits_to_keep=count, use_cache=False).logits.float()
    loss = torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    return loss.item()

try:
    first = step()
    seconds = best(step, lambda runs, spent: runs >= 3 and spent >= job["seconds"])
    answer = dict(seconds=seconds, loss=first, peakBytes=peak())
except Exception as error:  # noqa: BLE001
    answer = dict(error=str(error).strip().splitlines()[0])
print(json.dumps({mode: answer}))
`;

/** transformers.generate, all requests as one batch of equal lengths, in both element types. */
export const transformersPeerScript = `${head}
import transformers

tokens = torch.tensor(job["prompts"])
answers = {}
for name in ("float32", "bfloat16"):
    mode = f"transformers {transformers.__version__} {name}, one batch"
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(job["model"], dtype=getattr(torch, name)).eval()

        def generate(count=job["newTokens"]):
            with torch.inference_mode():
                model.generate(tokens, attention_mask=torch.ones_like(tokens), do_sample=True, top_k=0,
                               max_new_tokens=count, min_new_tokens=count, pad_token_id=0)

        generate(2)
        answers[mode] = dict(seconds=best(generate, lambda runs, spent: runs >= job["repeats"]), peakBytes=peak())
    except Exception as error:  # noqa: BLE001
        answers[mode] = dict(error=str(error).strip().splitlines()[0])
print(json.dumps(answers))
`;
