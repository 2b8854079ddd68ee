"""Fill a built network from a checkpoint file, or say in a sentence what does not fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from designer.builder import Network
from designer.design.diff import Entry, diff
from designer.design.issue import DesignError
from designer.design.load import parse_design
from designer.design.model import Design
from designer.export.options import Kind
from designer.export.result import ExportError
from designer.weights.match import COUNTER, Match, head_keys, match
from designer.weights.read import Checkpoint, read_checkpoint


class WeightsError(ExportError):
    """A checkpoint that does not fit its design; `match` has every key."""

    def __init__(self, message: str, found: Match) -> None:
        super().__init__(message)
        self.match = found


def fill(network: Network, design: Design, path: Path, *, kind: Kind = "auto", all_but_head: bool = False) -> Match:
    """Load a checkpoint into a train-form network and return what matched.

    `all_but_head` leaves the weights of the group `head` as they are. Raises WeightsError where a weight stays
    unfilled, and then the network is as it was.
    """
    checkpoint = read_checkpoint(path, kind)
    found = match_checkpoint(network, design, checkpoint)
    skipped = head_keys(design, list(network.weights())) if all_but_head else set()
    if sentence := refusal(path.name, found, skipped, design, checkpoint):
        raise WeightsError(sentence, found)
    copy_matched(network, {k: v for k, v in found.pairs.items() if k not in skipped}, checkpoint.tensors)
    return found


def copy_matched(network: Network, pairs: Mapping[str, str], tensors: Mapping[str, Tensor]) -> None:
    """Copy tensors into a network's weights: `pairs` maps our keys to theirs."""
    own = network.weights()
    for ours, theirs in pairs.items():
        own[ours].copy_(tensors[theirs].reshape(own[ours].shape))


def match_checkpoint(network: Network, design: Design, checkpoint: Checkpoint) -> Match:
    """Return how a checkpoint's names and shapes fit a network's."""
    return match(design, shapes_of(network.weights()), shapes_of(checkpoint.tensors))


def changes_since(design: Design, checkpoint: Checkpoint) -> Sequence[str]:
    """Return what changed in the design since one of our checkpoints was saved, a sentence each; none where equal."""
    if not checkpoint.design or checkpoint.digest == design.digest():
        return ()
    try:
        saved = parse_design(checkpoint.design)
    except DesignError:
        return ("The design in the checkpoint cannot be read.",)
    return [_said(row, saved, design) for row in diff(saved, design) if row.status != "same"]


def _said(row: Entry, saved: Design, design: Design) -> str:
    if row.left is None:
        return f"{_name(design, row.right)} was added"
    if row.right is None:
        return f"{_name(saved, row.left)} was removed"
    changes = ", ".join(f"{field} {before} -> {after}" for field, (before, after) in row.fields.items())
    return f"{_name(design, row.right)} changed ({changes})"


def _name(design: Design, node_id: str | None) -> str:
    node = design.node(str(node_id))
    return f"{node.label or node.block} ({node.id})"


def refusal(name: str, found: Match, skipped: Collection[str], design: Design, checkpoint: Checkpoint) -> str:
    """Return why a match cannot be loaded, in one sentence, empty where it can; `skipped` weights need no value."""
    if not found.pairs:
        return (
            f'"{name}" does not fit this design: none of its {len(checkpoint.tensors)} names is known here. Use a '
            "checkpoint of this design, or of the timm or torchvision network that it started from."
        )
    unfilled = [key for key in (*found.missing, *(row.ours for row in found.misshaped)) if key not in skipped]
    if not unfilled:
        return ""
    said = f'"{name}" does not fit this design: {found.to_text()} (first unfilled: {unfilled[0]}).'
    if head_keys(design, unfilled) == set(unfilled):
        return f"{said} Only the head differs: load all but the head."
    if changed := changes_since(design, checkpoint):
        more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"{said} Since it was saved: {changed[0]}{more}."
    return f"{said} Use the checkpoint that was saved from this design."


def shapes_of(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a state's tensors, batch norms' counters left out."""
    return {key: tuple(value.shape) for key, value in tensors.items() if not key.endswith(COUNTER)}
