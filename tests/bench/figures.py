# SPDX-License-Identifier: ISC
"""Figures: the median over the blocks of a run, how far the blocks are apart, and the goal."""

import dataclasses
import json
import statistics

BLOCKS = 20


@dataclasses.dataclass
class Figure:
    name: str           # in build/bench.json
    what: str           # in the table
    value: float
    low: float          # 10th and 90th percentile of the blocks
    high: float
    unit: str
    goal: float | None = None
    higher_is_better: bool = False

    @property
    def met(self):
        if self.goal is None:
            return None
        return self.value >= self.goal if self.higher_is_better else self.value <= self.goal

    def row(self):
        goal = ""
        if self.goal is not None:
            goal = f"{'≥' if self.higher_is_better else '≤'} {self.goal:g}"
        unit = "" if self.unit == "ratio" else f" {self.unit}"
        spread = "" if self.low == self.high else f"{shown(self.low)}–{shown(self.high)}"
        met = {None: "", True: "met", False: "MISSED"}[self.met]
        return f"| {self.what} | {shown(self.value)}{unit} | {spread} | {goal} | {met} |"


def shown(number):
    """Three digits that count, and four of a ratio near 1, where the goals lie close."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.3f}" if abs(number) < 2 else f"{number:.2f}"


def blocks(rows, count=BLOCKS):
    """The medians of each column in each of `count` equal parts of the rows."""
    size = len(rows) // count
    if size == 0:
        raise ValueError(f"{len(rows)} rounds are too few for {count} blocks")
    return [[statistics.median(column) for column in zip(*rows[i * size:(i + 1) * size])]
            for i in range(count)]


def figure(name, what, values, unit, goal=None, higher_is_better=False):
    """One value for each block."""
    if len(values) == 1:
        return Figure(name, what, values[0], values[0], values[0], unit, goal, higher_is_better)
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return Figure(name, what, statistics.median(values), tenths[0], tenths[-1], unit, goal,
                  higher_is_better)


def ratio(name, what, over, under, goal=None, higher_is_better=False):
    """How many times `under` goes into `over`, block by block."""
    return figure(name, what, [a / b for a, b in zip(over, under, strict=True)], "ratio", goal,
                  higher_is_better)


def table(figures):
    heading = ["| | median | 10th–90th percentile | goal | |", "|---|---|---|---|---|"]
    return "\n".join(heading + [each.row() for each in figures])


def save(figures, path):
    chosen = ("value", "unit", "goal", "higher_is_better", "low", "high")
    path.write_text(json.dumps(
        {each.name: {key: getattr(each, key) for key in chosen} for each in figures}, indent=2)
        + "\n")
