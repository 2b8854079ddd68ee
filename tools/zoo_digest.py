"""What the zoo's rows depend on: the source files, and for one preset its design and the blocks it uses. No torch run.

A row is measured again when its key changes. The page carries the digest of all files, which a test compares.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from blocks.catalog import CATALOG
from designer.presets import PRESETS, load_preset

ROOT = Path(__file__).resolve().parent.parent
COMMON = ("designer/deploy/*.py", "designer/export/onnx*.py", "designer/builder.py")
"""What turns any design into the checked files."""
SOURCES = ("blocks/*.py", "designer/presets/*.py", *COMMON)


def files_of(patterns: Iterable[str]) -> list[str]:
    """Return the files that match, as paths from the repository's root, sorted."""
    return sorted(path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern))


def digest_of(files: Iterable[str], *more: str) -> str:
    """Return the sha256, in hex, of the names and texts of these files and of `more`."""
    total = hashlib.sha256()
    for part in (*more, *(f"{name}\n{_text(name)}" for name in files)):
        total.update(hashlib.sha256(part.encode()).digest())
    return total.hexdigest()


def source_digest() -> str:
    """Return the digest of all blocks, presets, and the code that builds, folds and exports them."""
    return digest_of(files_of(SOURCES))


def row_key(name: str) -> str:
    """Return the digest of all that a preset's row depends on: its design, its blocks' files, the common code, and
    the reference with the table of its weights' names."""
    design, info = load_preset(name), PRESETS[name]
    table = f"designer/weights/tables/{name}.json"
    homes = {inspect.getmodule(CATALOG[node.block]) for node in design.nodes}
    used = set().union(*(_with_imports(home.__name__) for home in homes if home))
    return digest_of([*sorted(used), *files_of((*COMMON, table))], design.digest(), info.timm, info.torchvision)


@cache
def _with_imports(module: str) -> frozenset[str]:
    """Return a block's file and every file of `blocks` that it imports, directly or not."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        file = waiting.pop().replace(".", "/") + ".py"
        if file not in found:
            found.add(file)
            waiting += _imported_blocks(file)
    return frozenset(found)


def _imported_blocks(file: str) -> list[str]:
    imports: list[str] = []
    for node in ast.walk(ast.parse(_text(file))):
        if isinstance(node, ast.ImportFrom) and node.module == "blocks":
            imports += [f"blocks.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("blocks."):
            imports.append(str(node.module))
    return imports


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")
