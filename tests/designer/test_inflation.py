"""The notice of what a removed residual connection costs."""

from __future__ import annotations

from designer.cost.accounting import account
from designer.design.edit import apply
from designer.presets import load_preset
from designer.validation import validate
from tests.helpers.designs import chain
from tests.helpers.wording import clear

STEM = ("conv_norm_act", {"out_channels": 16})
BLOCK = ("resnet_basic_block", {"reserve_merge": True})


def test_resnet_50_says_that_it_grows_elevenfold_and_offers_to_stay() -> None:
    design = load_preset("rmnet_resnet50")
    (notice,) = validate(design)
    assert (notice.kind, notice.node) == ("warning", None) and clear(notice.message)
    assert notice.message.startswith(
        "Removing the residual connections adds 41.98 G MACs and 251.8 M params to the deploy form, 46.07 G MACs and "
        "277.3 M params in all."
    )
    (fix,) = notice.fixes
    ordinary = apply(design, fix.command)
    assert ordinary.digest() == load_preset("resnet50").digest()
    assert validate(ordinary) == []
    before, after = account(design), account(ordinary)
    assert (fix.params_delta, fix.macs_delta) == (after.params - before.params, after.macs - before.macs)


def test_the_notice_of_one_block_stands_at_it_in_either_form() -> None:
    design = chain(STEM, BLOCK)
    deploy, train = validate(design), validate(design, form="train")
    assert [issue.message for issue in deploy] == [issue.message for issue in train]
    assert (deploy[0].node, deploy[0].field) == ("resnet_basic_block_2", "reserve_merge")
    # 16 more filters in the first convolution, each of 16 inputs, and 16 more inputs of the second, on 1024 pixels
    assert "adds 4.719 M MACs and 4.624 K params" in deploy[0].message
    assert deploy[0].fixes[0].macs_delta == -2 * 9 * 16 * 16 * 32 * 32


def test_nothing_is_said_where_nothing_is_added_or_counted() -> None:
    assert validate(load_preset("resnet18")) == []
    assert validate(load_preset("rm_repvgg_21")) == []
    strided = ("inverted_residual", {"stride": 2, "reserve_merge": True})
    assert validate(chain(STEM, strided)) == []
    narrow = ("pointwise_conv", {"out_channels": 4})
    assert account(chain(STEM, strided, narrow)).macs < account(chain(STEM, strided)).macs + 16 * 16 * 16 * 4
    assert validate(chain(STEM, strided, narrow)) == []
    broken = chain(STEM, BLOCK, ("pointwise_conv", {"out_channels": 12, "groups": 5}))
    assert [issue.kind for issue in validate(broken)] == ["error"]
