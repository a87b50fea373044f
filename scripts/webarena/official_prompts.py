"""Prints the SHA-256 of the official prompts of start pages, at the first turn and with two turns behind, for released-prompt.test.ts.

    python scripts/webarena/official_prompts.py PROMPT_CONSTRUCTOR.py START_PAGES.json

PROMPT_CONSTRUCTOR.py: of VisualAgentBench (VAB-WebArena-Lite/new).
"""

import hashlib
import importlib.util
import json
import sys
import types

for name in ["PIL", "PIL.Image", "browser_env", "browser_env.env_config", "browser_env.utils", "llms", "llms.lm_config", "llms.tokenizers", "llms.utils"]:
    module = types.ModuleType(name)
    module.__getattr__ = lambda attribute: (_ for _ in ()).throw(AttributeError(attribute)) if attribute.startswith("__") else dict
    module.__path__ = []
    sys.modules[name] = module
sys.modules["llms"].lm_config = sys.modules["llms.lm_config"]
sys.modules["PIL"].Image = sys.modules["PIL.Image"]
spec = importlib.util.spec_from_file_location("official", sys.argv[1])
official = importlib.util.module_from_spec(spec)
spec.loader.exec_module(official)

constructor = object.__new__(official.WebRLPromptConstructor)
constructor.obs_modality = "text"
constructor.lm_config = types.SimpleNamespace(gen_config={"max_obs_length": 0}, provider="finetune")
pages = json.load(open(sys.argv[2]))[0]
for site, page in pages.items():
    for turns in [[], ["# Element: x\ndo(action=\"Click\", element=\"1\")", "do(action=\"Scroll Down\")"]]:
        prompt = constructor.construct([{"observation": {"text": page}}], "Find it", {"action_history": ["None", *turns]})
        print(site, len(turns), hashlib.sha256(prompt.encode()).hexdigest())
