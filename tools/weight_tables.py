"""Record which weight of timm's or torchvision's network is which of ours.

`python -m tools.weight_tables [PRESET ...]` writes designer/weights/tables/<preset>.json. Layers are paired in the
order in which both networks call them; `make zoo` then checks through the table that the weights mean the same.
"""

from __future__ import annotations

import argparse
import json

import torch

from designer.builder import build
from designer.presets import PRESETS, PresetInfo, load_preset
from designer.weights.table import FOLDER, encode, table_of
from tests.oracles.call_order import paired_keys
from tests.oracles.timm_oracle import reference_of


def record(info: PresetInfo) -> str:
    """Return the text of a preset's table."""
    ours = build(load_preset(info.name)).to("meta").eval()
    theirs = reference_of(info).to("meta")
    inputs = [torch.empty(2, *shape[1:], device="meta") for shape in ours.input_shapes]
    pairs = {
        key.removeprefix("n_"): name
        for key, name in paired_keys(theirs, ours, inputs).items()
        if not key.endswith("num_batches_tracked")
    }
    source, model = ("timm", info.timm) if info.timm else ("torchvision", info.torchvision)
    return json.dumps(encode(source, model, pairs), separators=(",", ":")).replace("},{", "},\n{") + "\n"


def write(info: PresetInfo) -> None:
    """Write a preset's table."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{info.name}.json").write_text(record(info), encoding="utf-8")
    table_of.cache_clear()


def main() -> None:
    """Write the tables of the named presets, or of every preset that has a reference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("presets", nargs="*", metavar="PRESET")
    chosen = parser.parse_args().presets or [n for n, info in PRESETS.items() if info.timm or info.torchvision]
    for name in chosen:
        write(PRESETS[name])
        print(name)


if __name__ == "__main__":
    main()
