"""G-Ghost stages and RegNetX blocks: what they refuse."""

from __future__ import annotations

import pytest

from blocks.config import BlockError
from blocks.gghost import GGhostStageConfig, RegNetXBlockConfig


@pytest.mark.parametrize("config", [RegNetXBlockConfig, GGhostStageConfig])
def test_groups_that_do_not_divide_the_width_are_refused(config: type[RegNetXBlockConfig | GGhostStageConfig]) -> None:
    with pytest.raises(BlockError, match=r"group_width must divide 80 channels, got 24\. Use 10, 16, 20 or") as caught:
        config(out_channels=80, group_width=24).build([(1, 32, 8, 8)])
    assert caught.value.field == "group_width" and 20 in caught.value.choices


def test_a_block_narrower_than_a_group_is_one_group() -> None:
    block = RegNetXBlockConfig(out_channels=80, group_width=120).build([(1, 32, 8, 8)])
    assert block.conv2.conv.groups == 1


@pytest.mark.parametrize(("group_width", "ghost_ratio", "choices"), [(80, 0.5, (16, 20, 40)), (40, 0.75, (10, 16, 20))])
def test_a_stage_without_a_whole_group_for_its_inner_blocks_is_refused(
    group_width: int, ghost_ratio: float, choices: tuple[int, ...]
) -> None:
    config = GGhostStageConfig(out_channels=80, group_width=group_width, ghost_ratio=ghost_ratio)
    match = rf"group_width {group_width} makes inner groups of .* a stage of 80 with {ghost_ratio:.0%} ghosts leaves"
    with pytest.raises(BlockError, match=match) as caught:
        config.build([(1, 32, 8, 8)])
    assert caught.value.field == "group_width" and caught.value.choices == choices
    for group in choices:
        assert config.model_copy(update={"group_width": group}).build([(1, 32, 8, 8)]).split[0] > 0
