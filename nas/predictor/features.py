"""The feature map of a table of seven MBConv stages: from the option of each stage to contrasts and totals.

A stage's code numbers its whole choice (expand, kernel, repeats, se), so everything that a stage contributes is a
look-up in a table of that length; macs and params are those of the space's own cost tables.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nas.blocks import ConvStem, MBConv
from nas.errors import EvaluatorError
from nas.predictor.link import Floats
from nas.space import SearchSpace
from nas.space.lint import slot_choices

Codes = NDArray[np.intp]

SPANS = {"all": (0, 7), "early": (0, 3), "middle": (3, 5), "late": (5, 7)}  # stages [first, last)
QUANTITIES = ("macs", "params", "layers", "reach", "se_layers")
TOTALS = tuple(f"log {quantity} {span}" for span in SPANS for quantity in QUANTITIES)
SLOTS = {"expand": "e", "kernel": "k", "repeats": "l", "se": "se"}  # as terms are named in the coefficient file
PAIRS = [(a, b) for a in range(7) for b in range(a + 1, 7)]


class Basis(NamedTuple):
    """All products of slot contrasts within one stage: names, ranks, and a table (options, terms).

    A name reads "e2.se": the second contrast of expand times that of SE; its rank adds the contrasts' degrees (here 3).
    """

    names: tuple[str, ...]
    ranks: tuple[int, ...]
    table: Floats


class FeatureMap:
    """Features of the architectures of `space`; raises EvaluatorError for a table of another shape."""

    def __init__(self, space: SearchSpace) -> None:
        rows = [part.options for part in space.rows]
        wanted = [f"stage{n}.{slot}" for n in range(1, 8) for slot in SLOTS]
        if list(space.slots) != wanted or not all(isinstance(row, MBConv) for options in rows for row in options):
            raise EvaluatorError(f"the feature map reads seven MBConv stages with slots {', '.join(SLOTS)} each")
        stem = space.reference.stem
        if not isinstance(stem, ConvStem):
            raise EvaluatorError(f"the feature map reads a plain convolution as stem, not {stem.stem}")
        self.space, self.stem = space, stem
        self.options = tuple(len(options) for options in rows)
        self.fixed = np.zeros(len(QUANTITIES))
        for link in (space.links[0], space.links[-1]):
            self.fixed[:2] += link.macs[0, 0], link.params[0, 0]
        self.fixed[QUANTITIES.index("reach")] = stem.kernel
        self.stage = tuple(self._stage(number) for number in range(7))
        self.basis = tuple(self._basis(number) for number in range(7))

    def _stage(self, number: int) -> Floats:
        """(options, quantities): macs, params, layers, reach (pixels added to the receptive field), SE layers."""
        link, part = self.space.links[number + 1], self.space.rows[number]
        first = [part.options[0].stride if part.options[0] else 1 for part in self.space.rows]
        jump = self.stem.stride * int(np.prod(first[:number]))
        table = []
        for option, row in enumerate(part.options):
            assert isinstance(row, MBConv)
            reach = (row.kernel - 1) * jump * (1 + (row.repeats - 1) * row.stride)
            se_layers = row.repeats if row.se else 0
            table.append((link.macs[0, option], link.params[0, option], row.repeats, reach, se_layers))
        return np.array(table, dtype=np.float64)

    def _basis(self, number: int) -> Basis:
        choices = slot_choices(self.space)
        slots = []
        for slot, short in SLOTS.items():
            values = np.array(choices[f"stage{number + 1}.{slot}"], dtype=np.float64)
            contrasts = _contrasts(np.log(values) if slot == "expand" else np.arange(len(values), dtype=np.float64))
            named = [(short + (str(d + 1) if d else ""), d + 1, contrasts[:, d]) for d in range(contrasts.shape[1])]
            slots.append([("", 0, np.ones(len(values))), *named])
        names, ranks, columns = [], [], []
        for terms in list(product(*slots))[1:]:
            names.append(".".join(name for name, _, _ in terms if name))
            ranks.append(sum(rank for _, rank, _ in terms))
            columns.append(np.einsum("i,j,k,l->ijkl", *(column for _, _, column in terms)).ravel())
        return Basis(tuple(names), tuple(ranks), np.stack(columns, axis=1))

    def codes(self, genomes: NDArray[np.int8]) -> Codes:
        """Genomes (n, 28) -> stage codes (n, 7)."""
        return self.space.codes(genomes)[:, 1:]

    def slots(self, codes: Codes) -> NDArray[np.int8]:
        """Stage codes (n, 7) -> genomes (n, 28)."""
        return np.concatenate([part.choices[codes[:, b]] for b, part in enumerate(self.space.rows)], axis=1)

    def totals(self, codes: Codes) -> Floats:
        """(n, 20) TOTALS: natural logs of QUANTITIES over SPANS (1 + SE layers, since there may be none)."""
        one = np.array([0, 0, 0, 0, 1.0])
        early, middle, late = (self._sum(codes, *SPANS[span]) for span in ("early", "middle", "late"))
        whole = early + middle + late + self.fixed
        return np.asarray(np.log(np.concatenate([whole + one, early + one, middle + one, late + one], axis=1)))

    def _sum(self, codes: Codes, first: int, last: int) -> Floats:
        return np.asarray(sum(self.stage[b].take(codes[:, b], axis=0) for b in range(first, last)))

    def costs(self, codes: Codes) -> Floats:
        """(n, 2): macs and params of the whole network."""
        return (self._sum(codes, 0, 7) + self.fixed)[:, :2]

    def se_stages(self, codes: Codes) -> NDArray[np.intp]:
        """(n,) number of stages with squeeze-excite."""
        return np.asarray(sum((self.stage[b][:, 4] > 0).take(codes[:, b]).astype(np.intp) for b in range(7)))


def _contrasts(levels: Floats) -> Floats:
    """(levels, levels - 1) orthogonal polynomials in the level, mean square 1, increasing at the end."""
    q, _ = np.linalg.qr(np.vander(levels, increasing=True))
    return np.asarray(q[:, 1:] * np.sign(q[-1, 1:]) * np.sqrt(len(levels)))
