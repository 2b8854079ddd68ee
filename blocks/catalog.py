"""The palette, in order: family by family, each block's config class by its saved name."""

from __future__ import annotations

from blocks.config import BlockConfig
from blocks.repghost import RepGhostBottleneckConfig, RepGhostModuleConfig

BLOCKS: tuple[type[BlockConfig], ...] = (
    RepGhostModuleConfig,
    RepGhostBottleneckConfig,
)

CATALOG: dict[str, type[BlockConfig]] = {block.name: block for block in BLOCKS}
