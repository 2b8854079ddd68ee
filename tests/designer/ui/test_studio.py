"""What a server process shares: its warm-up ends before the interpreter does."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
from designer.ui import studio

def warm_up(leaving):
    leaving.wait()
    print("ended")

studio._warm_up_quietly = warm_up
studio._warm_up()
"""


def test_the_warm_up_ends_before_the_interpreter_does() -> None:
    # A thread that is still inside torch then crashes the process: "terminate called without an active exception".
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr
