"""Who may import whom, kept twice: by reading imports, and by loading the light modules in a fresh interpreter."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "blocks": {"designer", "profiles", "streamlit", "tools", "tests"},
    "profiles": {"torch", "designer", "blocks", "streamlit", "tools", "tests"},
    "designer": {"streamlit", "timm", "torchvision", "tools", "tests"},
    "designer/design": {"torch", "blocks", "streamlit", "onnx"},
    "designer/presets": {"torch", "blocks", "streamlit", "onnx"},
}
ALLOWED = {
    "designer/ui": {"streamlit", "plotly"},
    # torch-free rounding rules: presets and width scaling must round as the blocks' papers do
    "designer/design": {"blocks.rounding"},
    "designer/presets": {"blocks.rounding"},
}
FIT_ONLY = {"scipy", "sklearn", "lightgbm"}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def offences(folder: str) -> list[str]:
    found = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        allowed = {a for place, names in ALLOWED.items() if name.startswith(place + "/") for a in names}
        for module in imports_of(path):
            if module in allowed or module.split(".")[0] in allowed:
                continue
            if module.split(".")[0] in FORBIDDEN[folder]:
                found.append(f"{name} imports {module}")
    return found


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_no_forbidden_import(folder: str) -> None:
    assert offences(folder) == []


def test_only_fit_imports_the_fitting_libraries() -> None:
    users = {
        path.name
        for path in (ROOT / "profiles").rglob("*.py")
        if FIT_ONLY & {m.split(".")[0] for m in imports_of(path)}
    }
    assert users <= {"fit.py", "together.py"}


def test_the_reader_of_imports_sees_a_forbidden_one(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def f():\n    from torch import nn\n    import streamlit.web\n")
    assert set(imports_of(tmp_path / "bad.py")) == {"torch", "streamlit.web"}


LIGHT = [
    "blocks.rounding",
    "blocks.config",
    "designer",
    "designer.cli",
    "designer.design.load",
    "designer.design.edit",
    "designer.design.check",
    "designer.design.diff",
    "designer.deploy.passes",
    "designer.loading",
    "designer.presets.listing",
    "designer.store",
    "designer.cost.rules",
    "profiles.estimate",
    "profiles.fusion",
    "profiles.listing",
]


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_without_torch_and_streamlit(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'torch', 'streamlit', 'onnx'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


PUBLIC = {"load_design": "loading", "report": "reporting", "compare": "comparing", "build": "builder",
          "export_onnx": "export.onnx"}  # fmt: skip


@pytest.mark.parametrize(("name", "home"), PUBLIC.items())
@pytest.mark.parametrize("submodule_first", [False, True])
def test_public_names_are_callables_before_and_after_their_module(name: str, home: str, submodule_first: bool) -> None:
    lines = [f"import designer.{home}", f"from designer import {name}"]
    code = "\n".join(lines if submodule_first else lines[::-1]) + f"\nassert callable({name}) and {name}.__doc__"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
