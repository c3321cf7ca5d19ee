"""The fitted accuracy predictor: architectures -> ImageNet top-1 with a 90 % interval, in points. numpy only.

Two families predict the link u = (1 - top1 / 100) ** -1.5: a pairwise ridge, which extrapolates a little too boldly,
and boosted trees, which hardly do; u is their weighted mean. The interval is u ± width × sd, where the variance adds up
    noise[SE stages]         one training run around the fit, measured out of fold; grows with squeeze-excite,
    posterior(architecture)  what the ridge does not know about its own coefficients,
    disagreement             weighted variance between the families: what the choice of a model decides.
Its ends go back to points through the same link, which flattens where top-1 is high.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.architecture import Architecture
from nas.errors import EvaluatorError, FileError, SpaceError
from nas.files import check_schema
from nas.lowering import Description
from nas.predictor.data import marks
from nas.predictor.features import Codes, FeatureMap
from nas.predictor.link import Floats, from_link
from nas.predictor.models import Ridge, Trees
from nas.space import Genomes, SearchSpace, Space

SCHEMA = "nascli.predictor/1"
BATCH = 8192
ACTIVATIONS = ("relu", "silu")  # that of the benchmark, and that of the space


class Prediction(NamedTuple):
    """Percent top-1: one training run falls within [low, high] with 90 % probability. Arrays of (n,)."""

    mean: Floats
    low: Floats
    high: Floats


class Predictor:
    """What a coefficient file knows. It refuses architectures outside its domain, the table it was fitted on."""

    def __init__(self, document: dict[str, Any]) -> None:
        check_schema(document, SCHEMA, where="predictor")
        self.document = document
        self.space = SearchSpace.read(document["domain"]["space"], "predictor: domain")
        self.features = FeatureMap(self.space)
        self.weights = np.array([document["weights"]["ridge"], document["weights"]["trees"]])
        self._ridge, self._trees = Ridge(self.features, document["ridge"]), Trees(document["trees"])
        interval = document["interval"]
        self._noise, self._width = np.array(interval["noise_variance"]), float(interval["width"])
        self._asked: Space = self.space  # the space of the last genomes
        self._same = True  # whether its genomes are ours
        self._posterior = [np.array(table) for table in interval["log_posterior_variance"]]

    @cached_property
    def fingerprint(self) -> str:
        """Changes when any prediction could."""
        parts = {key: self.document[key] for key in ("weights", "interval", "ridge", "trees")}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    # -- what people ask ------------------------------------------------------------------------------

    def predict(self, architectures: Sequence[Description]) -> Prediction:
        """Predicted top-1 of architectures; raises EvaluatorError for one outside the domain."""
        return self._prediction(self._codes_of(architectures))

    def predict_genomes(self, space: Space, genomes: Genomes) -> Prediction:
        """Predicted top-1 of genomes of `space`: (n, slots) -> arrays of (n,)."""
        return self._prediction(self._codes_in(space, genomes))

    def mean_genomes(self, space: Space, genomes: Genomes) -> Floats:
        """The mean alone, which is quicker."""
        return from_link(self.weights @ self.members(self._codes_in(space, genomes)))

    def extrapolates(self, architectures: Sequence[Description]) -> NDArray[np.bool_]:
        """True where macs or params lie outside the range of the rows it was fitted on."""
        costs = self.features.costs(self._codes_of(architectures))
        low, high = np.array([self.document["domain"][metric] for metric in ("macs", "params")]).T
        return np.asarray(((costs < low) | (costs > high)).any(axis=1))

    def fitted_on(self, architectures: Sequence[Description]) -> list[bool]:
        """True where a label of the architecture itself went into the fit."""
        known = set(self.document["fitted_on"])
        return [mark in known for mark in marks(self.features.slots(self._codes_of(architectures)))]

    # -- domain ---------------------------------------------------------------------------------------

    def _codes_in(self, space: Space, genomes: Genomes) -> Codes:
        if space is not self._asked:
            self._asked, self._same = space, isinstance(space, SearchSpace) and self._covers(space)
        if self._same:
            return self.features.codes(space.checked(genomes))
        return self._codes_of([space.decode(genome) for genome in genomes])

    def _covers(self, space: SearchSpace) -> bool:
        """Whether the genomes of a space mean what ours mean."""
        same = space.stages == self.space.stages and space.resolutions == self.space.resolutions
        return same and _structure(space.reference) == _structure(self.space.reference)

    def _codes_of(self, architectures: Sequence[Description]) -> Codes:
        reference, genomes = self.space.reference, []
        for table in architectures:
            if not isinstance(table, Architecture):
                raise EvaluatorError(f"the predictor reads architectures, got {type(table).__name__}")
            if table.activation not in ACTIVATIONS:
                known = " and ".join(ACTIVATIONS)
                raise EvaluatorError(f"outside the predictor's domain: activation {table.activation}; it knows {known}")
            if _structure(table) != _structure(reference):
                raise EvaluatorError(
                    "outside the predictor's domain: its stem, head, resolution, norm or padding differs from B0's"
                )
            try:
                genomes.append(self.space.encode(reference.model_copy(update={"stages": table.stages})))
            except SpaceError as error:
                raise EvaluatorError(f"outside the predictor's domain: {error}") from None
        return self.features.codes(np.array(genomes, dtype=np.int8).reshape(len(genomes), len(self.space.slots)))

    # -- the models -----------------------------------------------------------------------------------

    def members(self, codes: Codes) -> Floats:
        """(2, n): what the ridge and the trees say of stage codes (n, 7), in link units."""
        out = np.empty((2, len(codes)))
        for start in range(0, len(codes), BATCH):
            rows = slice(start, start + BATCH)
            totals = self.features.totals(codes[rows])
            out[0, rows] = self._ridge(codes[rows], totals)
            out[1, rows] = self._trees(np.concatenate([self.features.slots(codes[rows]), totals], axis=1))
        return out

    def model_variance(self, codes: Codes, members: Floats) -> Floats:
        """Link variance of the fit itself: posterior and disagreement, without a run's own noise."""
        log_posterior = sum(table.take(codes[:, b]) for b, table in enumerate(self._posterior))
        spread = self.weights @ (members - self.weights @ members) ** 2
        return np.asarray(np.exp(log_posterior) + spread)

    def _prediction(self, codes: Codes) -> Prediction:
        members = self.members(codes)
        variance = self._noise[self.features.se_stages(codes)] + self.model_variance(codes, members)
        u, half = self.weights @ members, self._width * np.sqrt(variance)
        return Prediction(from_link(u), from_link(u - half), from_link(u + half))


def _structure(table: Architecture) -> tuple[object, ...]:
    """What must be the same everywhere in the domain; the activation is not (see the note of the file)."""
    head = table.head.model_copy(update={"dropout": 0.0})
    return table.resolution, table.stem, head, table.norm, table.padding


def read_predictor(text: dict[str, Any]) -> Predictor:
    """The predictor of a coefficient file; raises FileError in one line for any other document."""
    try:
        return Predictor(text)
    except (KeyError, TypeError, IndexError) as error:
        raise FileError(f"predictor: not well formed ({type(error).__name__}: {error})") from None
