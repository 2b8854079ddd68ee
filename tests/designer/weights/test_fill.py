"""Weights of files: trainers' layouts, our names and timm's, moved copies, and what does not fit."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from blocks.randomise import randomise, settle_norms
from designer.builder import Network, build
from designer.design.edit import apply
from designer.design.model import Design
from designer.export.checkpoint import write_weights
from designer.export.result import ExportError
from designer.presets import load_preset
from designer.weights.fill import WeightsError, fill
from designer.weights.read import read_checkpoint
from designer.weights.table import WeightTable, decode, encode, presets_with_tables
from tests.contract.onnx_parity import relative_error
from tests.helpers.designs import tiny
from tests.oracles.timm_oracle import create

KEY = "conv_norm_act_1.0.conv.weight"


def saved(tmp_path: Path, design: Design, seed: int = 7) -> Path:
    path = tmp_path / "ours.safetensors"
    write_weights(build(design, seed=seed), design, path, {})
    return path


def same(network: Network, seed: int) -> bool:
    truth = build(tiny(), seed=seed).weights()
    return all(torch.equal(value, truth[key]) for key, value in network.weights().items())


@pytest.fixture
def settled() -> Any:
    """Return timm's GhostNet 0.5x with everything random and norms that belong to it."""
    theirs: Any = create("ghostnet_050").double()
    generator = torch.Generator().manual_seed(0)
    randomise(theirs, generator)
    settle_norms(theirs, [torch.randn(4, 3, 64, 64, generator=generator, dtype=torch.float64)])
    return theirs


def test_timms_file_fills_the_preset_and_gives_timms_outputs(tmp_path: Path, settled: Any) -> None:
    torch.save(settled.state_dict(), tmp_path / "ghost.pth")
    ours = build(load_preset("ghostnet_050")).double().eval()
    found = fill(ours, load_preset("ghostnet_050"), tmp_path / "ghost.pth")
    assert (found.source, found.missing, found.unexpected, found.misshaped) == ("timm", (), (), ())
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert relative_error(ours(x), settled(x)) <= 1e-10


LAYOUTS: list[tuple[str, Any, str]] = [
    ("plain", lambda raw, ema: raw, "raw"),
    ("data_parallel", lambda raw, ema: {f"module.{k}": v for k, v in raw.items()}, "raw"),
    ("compiled", lambda raw, ema: {"model": {f"_orig_mod.module.{k}": v for k, v in raw.items()}}, "raw"),
    ("timm", lambda raw, ema: {"state_dict": raw, "state_dict_ema": ema, "args": argparse.Namespace(lr=0.1)}, "ema"),
    (
        "torchvision",
        lambda raw, ema: {
            "model": raw,
            "model_ema": {"n_averaged": torch.tensor(3)} | {f"module.{k}": v for k, v in ema.items()},
            "epoch": 3,
        },
        "ema",
    ),
]


@pytest.mark.parametrize(("layout", "kind"), [row[1:] for row in LAYOUTS], ids=[row[0] for row in LAYOUTS])
def test_every_trainers_layout_is_read(tmp_path: Path, layout: Any, kind: str) -> None:
    raw, ema = build(tiny(), seed=3).weights(), build(tiny(), seed=4).weights()
    torch.save(layout(raw, ema), tmp_path / "saved.pth")
    network = build(tiny())
    fill(network, tiny(), tmp_path / "saved.pth")
    assert same(network, 4 if kind == "ema" else 3)
    assert read_checkpoint(tmp_path / "saved.pth").kind == kind
    fill(network, tiny(), tmp_path / "saved.pth", kind="raw")
    assert same(network, 3)


def test_asking_for_weights_that_a_file_has_not_is_refused(tmp_path: Path) -> None:
    torch.save({"state_dict": build(tiny()).weights()}, tmp_path / "raw.pth")
    with pytest.raises(ExportError, match=r'"raw\.pth" holds no averaged weights \(EMA\); use the raw ones\.'):
        fill(build(tiny()), tiny(), tmp_path / "raw.pth", kind="ema")
    torch.save({"epoch": 3, "lr": [0.1]}, tmp_path / "none.pth")
    with pytest.raises(ExportError, match="holds no state dict"):
        fill(build(tiny()), tiny(), tmp_path / "none.pth")


def test_a_misfit_is_a_table_and_leaves_the_network_as_it_was(tmp_path: Path) -> None:
    weights: dict[str, Tensor] = build(tiny(), seed=3).weights()
    spoiled = {k: v for k, v in weights.items() if k != KEY} | {"extra.0.weight": torch.zeros(3)}
    wrong = "linear_5.0.linear.weight"
    spoiled[wrong] = spoiled[wrong][:, 1:].clone()
    torch.save(spoiled, tmp_path / "spoiled.pth")
    network = build(tiny(), seed=1)
    with pytest.raises(WeightsError, match=r'"spoiled\.pth" does not fit this design') as caught:
        fill(network, tiny(), tmp_path / "spoiled.pth")
    assert same(network, 1)
    found = caught.value.match
    assert (found.missing, found.unexpected) == ((KEY,), ("extra.0.weight",))
    assert [(row.ours, row.our_shape[1] - row.their_shape[1]) for row in found.misshaped] == [(wrong, 1)]
    assert [row["problem"] for row in found.rows()] == ["another shape", "missing in the file", "not in the design"]


def test_a_stranger_is_refused_with_one_sentence(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(3)}, tmp_path / "odd.pth")
    with pytest.raises(WeightsError, match="none of its 1 names is known here"):
        fill(build(tiny()), tiny(), tmp_path / "odd.pth")


def test_all_but_the_head_leaves_a_head_for_another_task(tmp_path: Path, settled: Any) -> None:
    torch.save(settled.state_dict(), tmp_path / "ghost.pth")
    design = load_preset("ghostnet_050")
    command = {"op": "set_config", "id": "classifier", "field": "out_features", "value": 10}
    other = apply(design, command)
    network = build(other, seed=5)
    with pytest.raises(WeightsError, match="Only the head differs: load all but the head"):
        fill(network, other, tmp_path / "ghost.pth")
    fill(network, other, tmp_path / "ghost.pth", all_but_head=True)
    fresh, filled = build(other, seed=5).weights(), network.weights()
    assert torch.equal(filled["classifier.0.linear.weight"], fresh["classifier.0.linear.weight"])
    stem = next(key for key in filled if key.startswith("stem"))
    assert not torch.equal(filled[stem], fresh[stem])


def test_what_changed_since_our_checkpoint_was_saved_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path, tiny())
    edited = apply(tiny(), {"op": "set_config", "id": "conv_norm_act_1", "field": "out_channels", "value": 24})
    said = r"Since it was saved: .*conv_norm_act_1\) changed \(out_channels \d+ -> 24\)"
    with pytest.raises(WeightsError, match=said):
        fill(build(edited), edited, path)


def test_a_split_repeat_still_finds_its_older_weights(tmp_path: Path) -> None:
    design = load_preset("ghostnet_050")
    node = next(n for n in design.nodes if n.repeat > 1)
    path = saved(tmp_path, design)
    split = apply(design, {"op": "split_repeat", "id": node.id, "at": 1})
    network = build(split, seed=1)
    assert fill(network, split, path).complete
    truth = build(design, seed=7).weights()
    assert sorted(float(v.sum()) for v in network.weights().values()) == sorted(float(v.sum()) for v in truth.values())


def test_a_table_comes_back_from_its_short_form() -> None:
    pairs = {
        "stem.0.conv.weight": "conv_stem.weight",
        "stem.0.norm.weight": "bn1.weight",
        "b.0.a.conv.weight": "blocks.0.0.c.weight",
        "b.0.a.conv.bias": "blocks.0.0.c.bias",
        "b.0.scale": "blocks.0.0.gamma",
        "b.1.a.conv.weight": "blocks.0.1.c.weight",
        "b.1.a.conv.bias": "blocks.0.1.c.bias",
        "b.1.scale": "blocks.0.1.gamma",
        "c.0.weight": "token",
    }
    table = decode(encode("timm", "x", pairs))
    assert {key: table.theirs(key) for key in pairs} == pairs
    assert [table.theirs(key) for key in ("b.2.scale", "d.0.weight", "b.0.other.weight")] == [None, None, None]
    assert isinstance(table, WeightTable)


def test_every_table_belongs_to_a_preset_with_that_reference() -> None:
    from designer.presets import PRESETS
    from designer.weights.table import table_of

    wanted = {n: (i.timm or i.torchvision) for n, i in PRESETS.items() if i.timm or i.torchvision}
    assert {name: table.model for name in presets_with_tables() if (table := table_of(name))} == wanted
