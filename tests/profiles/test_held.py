"""Held-out networks: read as they stand, refused by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from profiles import held
from profiles.held import HEAD, HeldNetwork, load_held, read_held

FIRST = "timm:resnet18,224,deploy,resnet,10,8"


def written(folder: Path, *lines: str, head: str = ",".join(HEAD)) -> Path:
    path = folder / "pi.held.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_row_is_a_network_with_its_ratio(tmp_path: Path) -> None:
    (network,) = read_held(written(tmp_path, FIRST))
    assert network == HeldNetwork("timm:resnet18", 224, "deploy", "resnet", 10.0, 8.0)
    assert network.ratio == pytest.approx(1.25)


def test_a_profile_of_the_product_or_of_the_user_finds_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "DATA_FOLDER", tmp_path / "data")
    assert load_held("pi", tmp_path) == ()
    written(tmp_path, FIRST)
    assert len(load_held("pi", tmp_path)) == 1
    assert load_held("pi") == ()
    (tmp_path / "data" / "held").mkdir(parents=True)
    (tmp_path / "data" / "held" / "pi.csv").write_text(f"{','.join(HEAD)}\n{FIRST}\n{FIRST}\n", encoding="utf-8")
    assert len(load_held("pi")) == 2


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a,224,deploy,f,0,1", r'pi\.held\.csv, line 3: "measured_ms" takes a number above zero, got "0"'),
        ("a,224,deploy,f,1,nan", r'line 3: "estimated_ms" takes a number above zero, got "nan"'),
        ("a,224,deploy,f,1", r'line 3: "estimated_ms" takes a number above zero, got "None"'),
        ("a,wide,deploy,f,1,1", r'line 3: "size" takes a number above zero, got "wide"'),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_held(written(tmp_path, FIRST, line))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the columns must be network, size, .* got \['network', 'ms'\]"):
        read_held(written(tmp_path, head="network,ms"))
