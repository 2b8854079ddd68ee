"""fvcore's count beside ours: every difference has a reason."""

from __future__ import annotations

import pytest

from designer.cost.audit import audit
from designer.design.issue import DesignError
from designer.presets import load_preset
from tests.designer.cost.test_accounting import residual


@pytest.mark.parametrize("name", ["ghostnet_050", "repghostnet_050", "edgenext_xx_small", "ssb_resnet_rs_50"])
@pytest.mark.parametrize("form", ["train", "deploy"])
def test_every_difference_is_explained(name: str, form: str) -> None:
    found = audit(load_preset(name), form=form, size=(3, 64, 64))  # type: ignore[arg-type]
    assert found.unexplained == 0
    for row in found.rows:
        assert row.fvcore - row.ours == sum(difference.macs for difference in row.differences)
    assert found.fvcore - found.ours == sum(difference.macs for difference in found.differences)


def test_norms_are_the_reason_in_the_train_form() -> None:
    found = audit(load_preset("ghostnet_050"), form="train", size=(3, 64, 64))
    (difference,) = found.differences
    assert difference.reason == "fvcore counts batch norms" and difference.macs > 0
    assert any("batch norms" in sentence for sentence in found.to_dict()["text"])


def test_a_plain_network_is_counted_alike() -> None:
    found = audit(residual())
    assert found.fvcore == found.ours == 64 * (4 * 8 + 8 * 8)
    assert found.differences == () and len(found.sentences()) == 1


def test_a_huge_network_is_refused_before_it_runs() -> None:
    with pytest.raises(DesignError, match="An audit runs the network"):
        audit(load_preset("ghostnet_050"), batch=64, size=(3, 4096, 4096))
