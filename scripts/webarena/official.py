"""Runs the official evaluators over constructed end states and prints their verdicts, for official.test.ts: by task, a character for each of its
states in their order, 1, 0, or - for an evaluator that raised.

    python scripts/webarena/official.py EVALUATORS.py CASES.json > VERDICTS.json

EVALUATORS.py: `evaluators.py` of VisualAgentBench (VAB-WebArena-Lite/new) or of WebArena (evaluation_harness). CASES.json: what
`scripts/webarena/cases.ts` writes. Needs beartype and nltk; sentences are told apart by NLTK's `punkt` where it is there. Pages and judge
are the case's: what is compared is the evaluators' rules.
"""

import importlib.util
import json
import sys
import tempfile
import types
from typing import Any
from urllib.parse import urlparse

import nltk

try:
    nltk.word_tokenize("one. two")
except LookupError:
    # Without the data: every text is one sentence.
    import nltk.tokenize

    whole = nltk.tokenize.word_tokenize
    nltk.tokenize.word_tokenize = lambda text: whole(text, preserve_line=True)


class Page:
    """What the evaluators ask of Playwright's page, answered by a case."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.url, self.pages = case["url"], case["pages"]

    def goto(self, url: str) -> None:
        self.url = url

    def content(self) -> str:
        return self.pages.get(self.url, {}).get("html", "<html></html>")

    def evaluate(self, script: str) -> Any:
        values = self.pages.get(self.url, {}).get("values", {})
        key = script.removeprefix("() => ")
        if key not in values:
            raise RuntimeError("no such element")
        return values[key]


def post_url(url: str) -> str:
    """As the official helper, which cannot be loaded without its models."""
    parts = urlparse(url)
    path = parts.path.split("/")
    return f"{parts.scheme}://{parts.netloc}/f/{path[2]}/{path[3]}/" if len(path) >= 4 and path[1] == "f" else url


class Anything(types.ModuleType):
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def load(path: str) -> tuple[Any, dict[str, Any]]:
    for name in ["evaluate", "requests", "PIL", "PIL.Image", "playwright", "playwright.sync_api", "browser_env", "browser_env.actions",
                 "browser_env.utils", "evaluation_harness", "evaluation_harness.helper_functions", "evaluation_harness.image_utils"]:
        sys.modules[name] = Anything(name)
    helpers = sys.modules["evaluation_harness.helper_functions"]
    helpers.PseudoPage = Page
    sys.modules["playwright.sync_api"].Page = Page
    sys.modules["playwright.sync_api"].CDPSession = type("CDPSession", (), {})
    sys.modules["browser_env.actions"].Action = sys.modules["browser_env.utils"].StateInfo = dict
    case: dict[str, Any] = {}
    helpers.llm_fuzzy_match = lambda *_: float(case["judge"])
    helpers.llm_ua_match = lambda *_: float(case["judge"])
    helpers.reddit_get_post_url = post_url
    helpers.shopping_get_latest_order_url = lambda: case["order"]
    helpers.gitlab_get_project_memeber_role = lambda page, account: page.pages.get(page.url, {}).get("values", {}).get("@" + account, "")
    for name in ["author", "rating"]:
        setattr(helpers, f"shopping_get_sku_latest_review_{name}", lambda sku, name=name: case["reviews"][name])
    spec = importlib.util.spec_from_file_location("official", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.time.sleep = lambda _: None
    return module, case


def main(evaluators: str, cases: str) -> None:
    module, current = load(evaluators)
    verdicts: dict[int, str] = {}
    for case in json.load(open(cases)):
        current.clear()
        current.update(case)
        try:
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(case["task"], file)
                file.flush()
                evaluator = module.evaluator_router(file.name)
                arguments = [[{"answer": ""}, {"answer": case["answer"]}], file.name, Page(case)]
                if "client" in module.EvaluatorComb.__call__.__annotations__:
                    arguments.append(sys.modules["playwright.sync_api"].CDPSession())
                verdict = str(int(evaluator(*arguments) == 1.0))
        except Exception as error:
            print(case["task"]["task_id"], case["name"], type(error).__name__, str(error)[:200], file=sys.stderr)
            verdict = "-"
        verdicts[case["task"]["task_id"]] = verdicts.get(case["task"]["task_id"], "") + verdict
    print(json.dumps(verdicts, indent=2))


main(*sys.argv[1:])
