"""The RMNet presets against the counts of the authors' code, train form and deploy form."""

from __future__ import annotations

import pytest

from designer.cost.accounting import account
from designer.design.check import check
from designer.design.model import Design
from designer.presets import PRESETS, load_preset

TRAINED = {
    "rmnext41_64x5_g16": ((20.017, 3165), (23.976, 3777.8), 78.498),
    "rmnext50_64x5_g32": ((32.804, 5670), (39.568, 6865), 79.076),
    "rmnext50_64x6_g32": ((40.821, 7044), (47.577, 8240), 79.57),
    "rmnext101_64x6_g16": ((50.445, 9373), (59.455, 11077), 80.07),
    "rmnext152_64x6_g32": ((107.029, 21238), (126.916, 25272), 80.356),
    "repvgg_21": ((16.23, 2400.9), (14.639, 2160.9), 72.508),
    "repvgg_37": ((30.179, 4456), (27.176, 4010.6), 74.408),
    "repvgg_69": ((58.078, 8567), (52.251, 7710), 74.526),
    "repvgg_133": ((113.876, 16787), (102.402, 15109), 70.912),
    "rm_repvgg_21": ((14.486, 2144.0), (14.639, 2160.9), 72.590),
    "rm_repvgg_37": ((26.692, 3942), (27.176, 4010.6), 74.478),
    "rm_repvgg_69": ((44.129, 6511), (52.251, 7710), 75.088),
    "rm_repvgg_133": ((72.027, 10622), (102.402, 15109), 74.560),
}
"""Params and MACs in millions, train and deploy form; top-1."""

CONVERTED = {
    "rmnet_resnet18": ("resnet18", 20.18, 3211),
    "rmnet_resnet50": ("resnet50", 277, 46067),
    "rmnet_mobilenetv2": ("mobilenetv2_100", 7.510, 848.3),
}
"""The ordinary network; params and MACs of the deploy form in millions."""

EVERY = [*TRAINED, *CONVERTED]


def close(count: int, millions: float) -> bool:
    """Return whether a count is the printed number at its last digit."""
    digits = len(str(millions).partition(".")[2])
    return abs(count / 1e6 - millions) <= 0.5 * 10**-digits + 1e-9


@pytest.mark.parametrize("name", TRAINED)
def test_both_forms_have_the_counts_of_the_authors_code(name: str) -> None:
    train, deploy, top1 = TRAINED[name]
    design = load_preset(name)
    for form, (params, macs) in (("train", train), ("deploy", deploy)):
        found = account(design, form=form)  # type: ignore[arg-type]
        assert close(found.params, params) and close(found.macs, macs), form
        assert found.issues == () and found.coverage == 1.0
    assert PRESETS[name].published[0].top1 == top1


@pytest.mark.parametrize("name", CONVERTED)
def test_a_converted_network_trains_as_it_was_and_deploys_larger(name: str) -> None:
    ordinary, params, macs = CONVERTED[name]
    train, before = (account(load_preset(n), form="train") for n in (name, ordinary))
    assert (train.params, train.macs) == (before.params, before.macs)
    deploy = account(load_preset(name))
    assert close(deploy.params, params) and close(deploy.macs, macs)


@pytest.mark.parametrize("depth", [21, 37, 69, 133])
def test_copying_channels_costs_nothing_when_deployed(depth: int) -> None:
    plain, copying = (account(load_preset(f"{kind}_{depth}")) for kind in ("repvgg", "rm_repvgg"))
    assert (plain.params, plain.macs) == (copying.params, copying.macs)
    assert sum(op.op_class == "conv" for op in copying.ops) == depth


def test_the_plain_mobilenetv2_alternates_depthwise_and_1x1() -> None:
    ops = account(load_preset("rmnet_mobilenetv2")).ops
    layers = [op.op_class for op in ops if op.op_class in ("conv", "depthwise", "pointwise")]
    assert layers == ["conv", *["depthwise", "pointwise"] * 17]
    names = [op.name for op in ops]
    assert (names.count("prelu"), names.count("minimum"), names.count("relu6")) == (20, 20, 15)
    assert "add" not in names


@pytest.mark.parametrize("name", ["rmnet_resnet18", "rmnet_resnet50", "rmnext41_64x5_g16"])
def test_no_addition_is_left(name: str) -> None:
    assert "add" not in {op.name for op in account(load_preset(name)).ops}
    assert "add" in {op.name for op in account(load_preset(name), form="train").ops}


@pytest.mark.parametrize("name", EVERY)
def test_the_design_has_no_mistake_and_survives_json(name: str) -> None:
    design = load_preset(name)
    assert check(design) == []
    assert Design.model_validate_json(design.to_json()) == design
    assert PRESETS[name].title == design.name
