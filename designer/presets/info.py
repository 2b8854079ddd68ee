"""What is known of a preset beside its design: the system, the paper and the published numbers with their sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from designer.design.model import Design

Task = Literal["classification", "segmentation", "detection"]


@dataclass(frozen=True)
class Published:
    """Numbers that somebody else printed. `counter` says what their MACs count."""

    source: str
    params_m: float | None = None
    macs_m: float | None = None
    top1: float | None = None
    counter: str = ""


@dataclass(frozen=True)
class PresetInfo:
    """One published network as a design of palette blocks."""

    name: str
    """timm's or torchvision's name where one exists, else the paper's in the same spelling."""
    system: str
    """The family, for example `RepGhostNet`."""
    title: str
    """The name on screen, for example `RepGhostNet 1.0x`."""
    paper: str
    url: str
    build: Callable[[], Design] = field(repr=False)
    published: tuple[Published, ...] = ()
    timm: str = ""
    """timm's name of the same network, where timm has it."""
    torchvision: str = ""
    """torchvision's name of the same network, where torchvision has it and timm does not."""
    task: Task = "classification"
    note: str = ""
    reconstruction: str = ""
    """Why this is a reconstruction, empty where it is exact."""
