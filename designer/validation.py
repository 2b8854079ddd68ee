"""Everything wrong with a design: structure first, then what shapes reveal; each fix with what it would cost.

Last comes what is no mistake but should be known: what a removed residual connection costs.

A change of cost compares the mended design with the present one, nodes with assumed shapes counted in both; a node
that cannot be measured at present counts nothing, so a fix that brings it back shows its whole cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.cost.result import Form
from designer.cost.walk import Walk, walk
from designer.design.check import check
from designer.design.edit import apply
from designer.design.issue import DesignError, Fix, Issue
from designer.design.model import Design
from designer.inflation import costs, inflation

FIXES_PER_ISSUE = 3
MOST_PRICED = 12
MOST_PRICED_STEPS = 10_000
"""Limits on the fixes that get a price, over all issues: each is an edit and a walk of 10 to 100 us a step or wire."""


def validate(
    design: Design, *, form: Form = "deploy", batch: int = 1, size: tuple[int, int, int] | None = None
) -> list[Issue]:
    """Return the problems, structural ones first, their first fixes priced in params and MACs.

    Never raises for a design that parses: a design with too many steps is one issue.
    """
    structural = check(design)
    try:
        walked = walk(design, form=form, batch=batch, size=size)
    except DesignError as error:
        return structural or list(error.issues)
    notice = inflation(design, batch, size)
    issues = [*_merged(structural, walked.issues), *([notice] if notice else [])]
    return _priced(design, issues, walked, form, batch, size)


def _merged(structural: Iterable[Issue], shaped: Iterable[Issue]) -> list[Issue]:
    """Return both, structural first; what both tell of a node's field is told once, with whichever fixes there are."""
    issues = {(issue.node, issue.field, issue.message): issue for issue in structural}
    told = {key[:2]: key for key in issues}
    for issue in shaped:
        key = told.get((issue.node, issue.field))
        if key is None:
            issues[issue.node, issue.field, issue.message] = issue
        elif not issues[key].fixes:
            issues[key] = replace(issues[key], fixes=issue.fixes)
    return list(issues.values())


def _priced(
    design: Design, issues: Iterable[Issue], now: Walk, form: Form, batch: int, size: tuple[int, int, int] | None
) -> list[Issue]:
    params, macs = costs(now)
    left = min(MOST_PRICED, MOST_PRICED_STEPS // max(1, len(now.steps) + len(design.edges)))
    done: list[Issue] = []
    for issue in issues:
        fixes: list[Fix] = []
        for at, fix in enumerate(issue.fixes):
            if at < FIXES_PER_ISSUE and left > 0:
                left -= 1
                try:
                    after = costs(walk(apply(design, fix.command), form=form, batch=batch, size=size))
                except DesignError:
                    continue  # a command that does not apply is no fix
                fix = replace(fix, params_delta=after[0] - params, macs_delta=after[1] - macs)
            fixes.append(fix)
        done.append(replace(issue, fixes=tuple(fixes)))
    return done
