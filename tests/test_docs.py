"""The documentation is true: links lead somewhere, commands exist, shown output is what is printed, code runs."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from designer.cli import parser
from tests.browser.hands import cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
EACH = pytest.mark.parametrize("doc", PAGES, ids=lambda doc: doc.relative_to(ROOT).as_posix())

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MODULE = re.compile(r"python -m ([a-z_][\w.]*)")
MAKE = re.compile(r"(?:^|`|&& )make ([a-z][a-z-]*)", re.MULTILINE)
CALL = re.compile(r"python -m designer ([a-z]+)([^`|\n]*)")
NAMED_FILE = re.compile(r"`((?:blocks|designer|profiles|tools|tests|benchmarks|docs)/[\w./-]+)`")
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|work|tmp|Users|usr|opt|mnt|var)/")
MAX_PICTURE, MAX_PICTURES = 400_000, 5_000_000


def missing_links(text: str, folder: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    targets = (target.split("#")[0] for target in LINK.findall(text) if "://" not in target)
    return [target for target in targets if target and not (folder / target).exists()]


def missing_modules(text: str) -> list[str]:
    """Return the modules in `python -m MODULE` that cannot be found."""
    return [name for name in MODULE.findall(text) if not found(name)]


def found(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def missing_targets(text: str) -> list[str]:
    """Return the targets in `make TARGET` that the Makefile lacks."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    return [name for name in MAKE.findall(text) if name not in targets]


def commands() -> dict[str, argparse.ArgumentParser]:
    (found_commands,) = (a.choices for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found_commands)


def unknown_calls(text: str) -> list[str]:
    """Return commands and flags of `python -m designer` that it does not have."""
    known, unknown = commands(), []
    for command, rest in CALL.findall(text):
        if command not in known:
            unknown.append(command)
            continue
        flags = {flag for action in known[command]._actions for flag in action.option_strings}
        unknown += [f"{command} {flag}" for flag in re.findall(r"--[a-z-]+", rest) if flag not in flags]
    return unknown


def missing_files(text: str) -> list[str]:
    """Return the files and folders in backticks that are not in the repository."""
    return [name for name in NAMED_FILE.findall(text) if "<" not in name and not (ROOT / name).exists()]


def test_the_pages_that_are_promised_are_there() -> None:
    names = {page.relative_to(ROOT).as_posix() for page in PAGES}
    assert {"README.md", "docs/tour.md", "docs/add-a-block.md", "docs/add-a-device.md", "docs/counting.md"} <= names
    listed = set(LINK.findall((ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")))
    assert listed == {p.name for p in (ROOT / "docs/decisions").glob("*.md")} - {"README.md"}


@EACH
def test_every_relative_link_and_picture_exists(doc: Path) -> None:
    assert missing_links(doc.read_text(encoding="utf-8"), doc.parent) == []


@EACH
def test_every_command_and_file_that_is_named_exists(doc: Path) -> None:
    text = doc.read_text(encoding="utf-8")
    assert missing_modules(text) == []
    assert missing_targets(text) == []
    assert unknown_calls(text) == []
    assert missing_files(text) == []


@EACH
def test_no_page_holds_a_path_of_a_machine(doc: Path) -> None:
    assert MACHINE_PATH.findall(doc.read_text(encoding="utf-8")) == []


def test_the_checks_see_what_is_wrong(tmp_path: Path) -> None:
    text = (
        "[a](nowhere.md) ![b](no.png) [c](https://example.org/) `python -m designer.nothing` `make coffee`\n"
        "`python -m designer sell x` `python -m designer report x --faster` `designer/magic.py` in /home/me/x\n"
    )
    assert missing_links(text, tmp_path) == ["nowhere.md", "no.png"]
    assert missing_modules(text) == ["designer.nothing"]
    assert missing_targets(text) == ["coffee"]
    assert unknown_calls(text) == ["sell", "report --faster"]
    assert missing_files(text) == ["designer/magic.py"]
    assert MACHINE_PATH.findall(text) == ["/home/"]


def test_every_picture_is_used_and_small() -> None:
    used = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(page.read_text(encoding="utf-8"))}
    pictures = sorted((ROOT / "docs" / "screenshots").glob("*.png"))
    sizes = {picture.name: picture.stat().st_size for picture in pictures}
    assert pictures
    assert {name: size for name, size in sizes.items() if size > MAX_PICTURE} == {}
    assert sum(sizes.values()) < MAX_PICTURES
    light = {picture.stem.removesuffix("-light") for picture in pictures if picture.stem.endswith("-light")}
    assert {p.stem for p in pictures} == {f"{name}-{theme}" for name in light for theme in ("light", "dark")}
    assert [p.name for p in pictures if p.stem.endswith("-light") and p.resolve() not in used] == []


def console_blocks() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the README with the output shown under it."""
    for language, block in FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        if language == "console":
            command, *shown = block.rstrip().splitlines()
            yield command, shown


@pytest.mark.parametrize(("command", "shown"), list(console_blocks()), ids=lambda value: str(value)[:40])
def test_the_output_that_is_shown_is_what_is_printed(command: str, shown: list[str]) -> None:
    prompt, python, module, name, *arguments = shlex.split(command)
    assert [prompt, python, module, name] == ["$", "python", "-m", "designer"]
    printed = cli(*arguments).splitlines()
    assert shown[-1] == "..." and len(shown) > 5
    assert printed[: len(shown) - 1] == shown[:-1]


def test_the_python_example_runs(tmp_path: Path) -> None:
    (code,) = (
        b for language, b in FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")) if language == "python"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, *_, last = done.stdout.splitlines()
    assert first == "4051648 142394128"
    assert float(last) < 1e-4
    assert [path.name for path in tmp_path.iterdir()] == ["repghostnet.onnx"]
