"""Fit a device's profile from the recorded networks and write it: `python -m tools.fit_profile i9-10940x-cpu`."""

from __future__ import annotations

import argparse

from profiles.make import make_profile
from profiles.profile import DATA_FOLDER, as_json


def main() -> None:
    """Read the command line, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device", nargs="+")
    for name in parser.parse_args().device:
        profile, _, _ = make_profile(name)
        (DATA_FOLDER / f"{name}.json").write_text(as_json(profile), encoding="utf-8")
        print(name, profile.scores.model_dump_json())


if __name__ == "__main__":
    main()
