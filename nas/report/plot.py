"""A search as a plot in plain numbers: what is shown, the limits of the axes, and the place of every label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isfinite, log10

from nas.ranking import nondominated
from nas.report.labels import Rect, around, label_size, place
from nas.report.picture.text import clean, fitted, text_width

WIDTH, HEIGHT = 558.0, 330.0  # of the plot inside its axes, in points
BODY, SMALL = 8.5, 7.5  # font sizes
LONGEST_LABEL = 190.0
WIDE = 30  # costs that differ by more than this factor go on a logarithmic axis
AIR = 0.06  # free space at either end of an axis
# Where the scores of a search with a winner are cut off, if that leaves less than 1 / CUT of the whole range: below all
# that is marked, and below this share of the networks of at least NEAR the winner's cost, with ROOM_BELOW to spare
SHARE, NEAR, ROOM_BELOW, CUT = 0.4, 0.75, 0.3, 2.0


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate: what it costs, its score (larger is better), and the 90 % interval of the score if there is one."""

    cost: float
    score: float
    low: float | None = None
    high: float | None = None
    name: str = ""

    @property
    def is_finite(self) -> bool:
        """Whether it can be drawn."""
        return isfinite(self.cost) and isfinite(self.score)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the 90 % interval; None without one."""
        if self.low is None or self.high is None or not isfinite(self.low) or not isfinite(self.high):
            return None
        return self.low, self.high

    def lines(self, name: str) -> list[str]:
        """The label: its name (or else `name`) and score, then the interval."""
        lines = [f"{clean(self.name, 40) or name} {self.score:.2f}"]
        if self.interval:
            lines.append("90 % interval {:.2f} to {:.2f}".format(*self.interval))
        return [fitted(line, LONGEST_LABEL, BODY, bold=True) for line in lines]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A network to compare with, under its name; the rest as in a Point."""

    name: str
    cost: float
    score: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """A budget's upper end in the unit of the cost, under the name that the user gave it (400M-flops)."""

    name: str
    cost: float


def pareto(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats in cost and score; cheapest first."""
    kept = nondominated([(point.cost, -point.score) for point in points])
    return sorted((points[i] for i in kept), key=lambda point: point.cost)


@dataclass(frozen=True)
class Plot:
    """What is shown. Places are in points from the lower left corner of the axes; points that are not finite are
    left out."""

    visited: Sequence[Point]
    winner: Point | None = None
    baselines: Sequence[Baseline] = ()
    caps: Sequence[Cap] = ()

    @cached_property
    def points(self) -> list[Point]:
        """What was visited and can be drawn."""
        return [point for point in self.visited if point.is_finite]

    @cached_property
    def marked(self) -> list[Point]:
        """The winner and the baselines."""
        winner = [self.winner] if self.winner else []
        baselines = [Point(one.cost, one.score, one.low, one.high, one.name) for one in self.baselines]
        return [point for point in (*winner, *baselines) if point.is_finite]

    @cached_property
    def front(self) -> list[Point]:
        """The Pareto front of what was visited."""
        return pareto(self.points)

    @cached_property
    def shown(self) -> list[Point]:
        """Those of `points` that do not lie below the picture."""
        return [point for point in self.points if point.score >= self.y[0]]

    @cached_property
    def steps(self) -> list[tuple[float, float]]:
        """The best score up to each (cost, score) where it rises, and up to the highest cost; empty without a line."""
        steps = [(point.cost, point.score) for point in self.front]
        last = max((point.cost for point in self.points), default=0.0)
        steps += [(last, steps[-1][1])] if steps and last > steps[-1][0] else []
        return steps if len(steps) > 1 else []

    @cached_property
    def _costs(self) -> list[float]:
        return [*(point.cost for point in (*self.shown, *self.marked)), *(cap.cost for cap in self.caps)]

    @cached_property
    def is_log(self) -> bool:
        """Whether the costs go on a logarithmic axis."""
        return bool(self._costs) and min(self._costs) > 0 and max(self._costs) > WIDE * min(self._costs)

    @cached_property
    def x(self) -> tuple[float, float]:
        """The ends of the cost axis; their logarithms when it is logarithmic."""
        return _limits([log10(cost) if self.is_log else cost for cost in self._costs])

    @cached_property
    def y(self) -> tuple[float, float]:
        """The ends of the score axis: of all scores, or with a winner of the upper ones where most of it is below."""
        marked = [end for point in self.marked for end in (point.score, *(point.interval or ()))]
        scores = [*marked, *(point.score for point in self.points)]
        whole = _limits(scores)
        if self.winner is None or not self.winner.is_finite:
            return whole
        near = sorted(point.score for point in self.points if point.cost >= NEAR * self.winner.cost)
        low, high = min([*marked, *near[int(SHARE * len(near)) :][:1]]), max(scores)
        low -= ROOM_BELOW * (high - low)
        return (low, high + AIR * (high - low)) if 0 < CUT * (high - low) < high - min(scores) else whole

    def at(self, cost: float, score: float) -> tuple[float, float]:
        """Where a (cost, score) lies."""
        x = log10(cost) if self.is_log else cost
        return (
            (x - self.x[0]) / (self.x[1] - self.x[0]) * WIDTH,
            (score - self.y[0]) / (self.y[1] - self.y[0]) * HEIGHT,
        )

    @cached_property
    def labels(self) -> list[list[str]]:
        """The lines of the label of each of `marked`."""
        return [point.lines("winner" if point is self.winner else "baseline") for point in self.marked]

    @cached_property
    def label_places(self) -> list[Rect | None]:
        """A place for each of `labels`, clear of the others and of markers, intervals, caps and the front."""
        anchors = [self.at(point.cost, point.score) for point in self.marked]
        taken = [around(*anchor, 5) for anchor in anchors]
        for point in self.marked:
            (x, low), (_, high) = (self.at(point.cost, end) for end in point.interval or (point.score, point.score))
            taken.append(Rect(x - 4, min(low, high), 8, abs(high - low)))
        steps = [self.at(*step) for step in self.steps]
        taken += [around(*step, 3) for step in steps]
        for (left, low), (right, high) in pairwise(steps):
            taken += [Rect(left, low - 1, right - left, 2), Rect(right - 1, low, 2, high - low)]
        taken += [Rect(self.at(cap.cost, self.y[0])[0] - 1, 0, 2, HEIGHT) for cap in self.caps]
        sizes = [label_size(lines, BODY, SMALL) for lines in self.labels]
        dots = [self.at(point.cost, point.score) for point in self.shown]
        return place(anchors, sizes, Rect(3, 3, WIDTH - 6, HEIGHT - 6), taken, dots)

    @cached_property
    def cap_names(self) -> list[tuple[float, int, str]]:
        """For each cap the left end of its name, its row above the axes (from 0), and the name."""
        names: list[tuple[float, int, str]] = []
        ends: list[float] = []
        for cap in sorted(self.caps, key=lambda cap: cap.cost):
            name = fitted(cap.name, LONGEST_LABEL, SMALL)
            width = text_width(name, SMALL)
            x = min(max(0.0, self.at(cap.cost, self.y[0])[0] - width / 2), WIDTH - width)
            row = next((row for row, end in enumerate(ends) if end + 6 < x), len(ends))
            ends[row : row + 1] = [x + width]
            names.append((x, row, name))
        return names


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis that shows all `values` with some air."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    air = AIR * (high - low) or AIR * abs(high) or 0.5
    return low - air, high + air
