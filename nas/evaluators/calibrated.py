"""A few labels from another evaluator, fitted to score every network of a space."""

from __future__ import annotations

from pathlib import Path

from nas.errors import EvaluatorError, SpaceNeededError
from nas.evaluators.score import Evaluator, Member, Task
from nas.options import inner, whole

WHERE = "evaluator calibrated"
FIT_OF_FIT = f"{WHERE}: labels=calibrated would fit a fit; name who measures: labels=train, labels=table, …"


def _made(values: dict[str, str], task: Task) -> Evaluator:
    from nas.calibration.cache import SCORES, default_path
    from nas.calibration.evaluator import CalibratedEvaluator
    from nas.calibration.terms import Terms, costly, known_only
    from nas.evaluators import made  # the registry that this is a line of

    if "labels" not in values:
        raise EvaluatorError(
            f"{WHERE}: name who labels: calibrated:labels=train,labels.data=FOLDER or labels=table,labels.path=FILE"
        )
    if values["labels"] == "calibrated":
        raise EvaluatorError(FIT_OF_FIT)
    if task.space is None:
        raise SpaceNeededError(f"{WHERE}: it is fitted on networks of a space; name one: --space")
    if (proxies := values.get("proxies", "auto")) not in ("auto", "yes", "no"):
        raise EvaluatorError(f"{WHERE}: proxies={proxies} is none of auto, yes and no")
    labeller = made(values["labels"], inner(values, "labels"), task)
    default = None if labeller.cheap or known_only(labeller) is not None else default_path()
    cache = Path(values["cache"]) if "cache" in values else default
    return CalibratedEvaluator(
        Terms(
            space=task.space,
            labeller=labeller,
            budgets=task.budgets,
            n=whole(values, "n", 20, 5, 500, WHERE),
            top=whole(values, "top", 5, 0, 100, WHERE),
            seeds=whole(values, "seeds", 2, 0, 100, WHERE),
            pool=whole(values, "pool", 500, 10, 5_000, WHERE),
            seed=whole(values, "seed", 0, 0, 2**31 - 1, WHERE),
            proxies=costly(labeller) if proxies == "auto" else proxies == "yes",
            cache=cache,
            scores=(cache or default_path()).with_name(SCORES),
        )
    )


CALIBRATED = Member(
    _made,
    "a fit on a few labels from another evaluator, in its unit and with an interval",
    {
        "labels": "the evaluator that labels; its own keys behind a dot: labels.data=FOLDER",
        "n": "networks to label, 5 to 500 (20)",
        "top": "best believed that are labelled again with other seeds (5)",
        "seeds": "how many other seeds (2); 0: none. In all n + top × seeds labels (30)",
        "pool": "networks within the budgets that these are chosen from (500)",
        "seed": "draws the pool, and is the seed of the first labels (0)",
        "proxies": "yes: zero-cost scores as features too, measured once for some 120 networks of the pool, a second "
        "or more each, and foretold for others; no; auto: yes where a label costs more, as training does, no for "
        "costs, tables and zero-cost scores (auto)",
        "cache": "the file in which labels are kept for ever (labels.jsonl in the user's cache folder); zero-cost "
        "scores are kept beside it",
    },
    nests=("labels",),
    example="calibrated:labels=params,n=8,top=0,pool=40",
    speed="milliseconds, after n + top × seeds labels: 30 unless told otherwise",
    unit="that of the labels",
    note="not measured but fitted; how well is cross-validated over the labels",
)
