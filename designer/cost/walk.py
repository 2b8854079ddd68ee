"""Carry shapes through a design and measure every step; problems are collected, each at its node.

Tolerant: where a step cannot be measured, the shapes its config declares are passed on and everything after it is
marked as assumed, so that one mistake does not hide the next.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from blocks.catalog import CATALOG
from blocks.config import BlockConfig, Shape, channels_of
from designer.cost.fixes import Place, issue_of, own_name
from designer.cost.measure import Measure, Refusal, measure
from designer.cost.record import Record
from designer.cost.result import Form
from designer.cost.signs import Signs, may_be_negative, needs_non_negative
from designer.deploy.passes import apply_passes
from designer.design.check import MAX_ISSUES, check
from designer.design.issue import Issue
from designer.design.model import Design
from designer.design.unroll import Step, output_steps, unroll
from profiles.work import Tensor


@dataclass(frozen=True, slots=True)
class WalkedStep:
    """One step with its shapes. `assumed`: it was refused, or something before it was; then trust no number."""

    step: Step
    block: BlockConfig | None
    in_shapes: tuple[Shape, ...]
    out_shapes: tuple[Shape, ...]
    record: Record | None
    assumed: bool
    params: int


@dataclass(frozen=True, slots=True)
class Walk:
    """All steps in execution order and the first problems found, in the same order, one per node and field."""

    steps: tuple[WalkedStep, ...]
    issues: tuple[Issue, ...]


def walk(design: Design, *, form: Form = "deploy", batch: int = 1, size: tuple[int, int, int] | None = None) -> Walk:
    """Return the walk of a design in one form. `size` is the channels x height x width of every input instead.

    Raises DesignError where repeats come to more steps than can be built.
    """
    steps = unroll(design)
    with _without_garbage_collection():
        if form == "deploy":
            leaving = {step for step, _ in output_steps(design, steps).values()}
            train = _Walker(design, steps, "train", batch, size)
            steps = apply_passes(steps, leaving, functools.partial(_in_channels, train))
        done = _Walker(design, steps, form, batch, size).run()
    present = {step.node.id for step in steps}
    if all(node.id in present for node in design.nodes):
        return done
    # Nodes on a cycle or of an unknown block have no step; what is wrong with them is structural.
    return Walk(done.steps, (*(i for i in check(design) if i.node not in present), *done.issues))


def _in_channels(walker: _Walker) -> list[int]:
    """Return the channels that arrive at each step, 0 where there is no input or something is wrong with it."""
    return [0 if row.assumed or not row.in_shapes else channels_of(row.in_shapes[0]) for row in walker.run().steps]


class _Walker:
    def __init__(
        self, design: Design, steps: Sequence[Step], form: Form, batch: int, size: tuple[int, int, int] | None
    ) -> None:
        self.design, self.steps, self.form = design, steps, form
        self.inputs: dict[str, Shape] = {
            name: (batch, *(size or (spec.channels, spec.height, spec.width))) for name, spec in design.inputs.items()
        }
        self.walked: list[WalkedStep] = []
        self.guessed: set[int] = set()
        """Steps after a missing connection: their shapes are a mere guess, and nothing is said about them."""
        self.issues: dict[tuple[str | None, str | None], Issue] = {}
        self.signs = Signs() if any(needs_non_negative(step) for step in steps) else None
        """Which values are never negative; None where no step asks."""

    def run(self) -> Walk:
        for index, step in enumerate(self.steps):
            self.walked.append(self._input(step) if step.node.block == "input" else self._step(index, step))
            if self.signs is not None:
                self.signs.add(step, self.walked[-1].record)
        return Walk(tuple(self.walked), tuple(self.issues.values()))

    def _input(self, step: Step) -> WalkedStep:
        shape = self.inputs.get(step.node.id)
        if shape is None:
            place = Place(self.design, self.steps, len(self.walked), ())
            self._report(place, Refusal("has no size. Give it channels, height and width."))
        known = shape or self._some_shape()
        tensor = Tensor(1, known, math.prod(known))
        entry = Record((), (), (tensor,))
        return WalkedStep(step, None if shape is None else CATALOG["input"](), (), (known,), entry, shape is None, 0)

    def _step(self, index: int, step: Step) -> WalkedStep:
        shapes: list[Shape | None] = []
        assumed = False
        for source in step.sources:
            if source is None:
                shapes.append(None)
                continue
            before = self.walked[source[0]]
            port = int(source[1][3:])
            shapes.append(before.out_shapes[port] if port < len(before.out_shapes) else None)
            assumed = assumed or before.assumed
            if source[0] in self.guessed:
                self.guessed.add(index)
        if None in shapes:
            return self._unconnected(index, step, shapes)
        in_shapes = tuple(shape for shape in shapes if shape is not None)
        found = measure(step.node.block, step.config, in_shapes, self.form)
        if needs_non_negative(step) and not found.refusals and not assumed:
            found = replace(found, refusals=self._refused_sign(step))
        if found.refusals and index not in self.guessed:
            place = Place(self.design, self.steps, index, in_shapes)
            for refusal in found.refusals:
                self._report(place, refusal)
        return self._walked(step, found, in_shapes, assumed or bool(found.refusals))

    def _refused_sign(self, step: Step) -> tuple[Refusal, ...]:
        """Return the refusal of an input that may be negative."""
        source = step.sources[0]
        if source is None or self.signs is None or self.signs.arriving(step)[0]:
            return ()
        message = may_be_negative(own_name(self.steps[source[0]]))
        return (Refusal(message, "reserve_merge", (False,), config_error=True),)

    def _unconnected(self, index: int, step: Step, shapes: Sequence[Shape | None]) -> WalkedStep:
        in_shapes = tuple(shape for shape in shapes if shape is not None)
        place = Place(self.design, self.steps, index, in_shapes)
        if index not in self.guessed:
            for port, shape in enumerate(shapes):
                if shape is None:
                    self._report(place, Refusal(f"nothing is connected to its input in{port}.", f"in{port}"))
        self.guessed.add(index)
        guess = next(iter(in_shapes), self._some_shape())
        filled = tuple(shape or guess for shape in shapes)
        return self._walked(step, measure(step.node.block, step.config, filled, self.form), filled, True)

    def _walked(self, step: Step, found: Measure, in_shapes: tuple[Shape, ...], assumed: bool) -> WalkedStep:
        out_shapes = found.out_shapes
        if not out_shapes:  # the config itself is wrong: pass on what arrived
            out_shapes = in_shapes[:1] or (self._some_shape(),)
        if found.refusals:
            found = replace(found, record=None, params=0)
        return WalkedStep(step, found.block, in_shapes, out_shapes, found.record, assumed, found.params)

    def _some_shape(self) -> Shape:
        return next(iter(self.inputs.values()), (1, 3, 224, 224))

    def _report(self, place: Place, refusal: Refusal) -> None:
        if len(self.issues) >= MAX_ISSUES:
            return
        issue = issue_of(place, refusal)
        self.issues.setdefault((issue.node, issue.field), issue)


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the collector: a module is dozens of dicts, and looking for cycles among them is half of a cold walk."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
