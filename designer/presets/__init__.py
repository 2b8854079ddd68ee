"""Published networks as designs. `PRESETS` lists them; opening one needs no torch."""

from __future__ import annotations

import difflib

from designer.design.model import Design
from designer.presets.botnet import PRESETS as _BOTNET
from designer.presets.convnext import PRESETS as _CONVNEXT
from designer.presets.dbb import PRESETS as _DBB
from designer.presets.edgenext import PRESETS as _EDGENEXT
from designer.presets.efficientformer import PRESETS as _EFFICIENTFORMER
from designer.presets.fbnet import PRESETS as _FBNET
from designer.presets.g_ghost_regnetx import PRESETS as _G_GHOST_REGNETX
from designer.presets.ghostnet import PRESETS as _GHOSTNET
from designer.presets.hornet import PRESETS as _HORNET
from designer.presets.info import PresetInfo, Published
from designer.presets.lcnet import PRESETS as _LCNET
from designer.presets.lraspp import PRESETS as _LRASPP
from designer.presets.mgic import PRESETS as _MGIC
from designer.presets.mobiledet import PRESETS as _MOBILEDET
from designer.presets.mobilenetv1 import PRESETS as _MOBILENETV1
from designer.presets.mobilenetv2 import PRESETS as _MOBILENETV2
from designer.presets.mobilenetv3 import PRESETS as _MOBILENETV3
from designer.presets.mobileone import PRESETS as _MOBILEONE
from designer.presets.mobilevit import PRESETS as _MOBILEVIT
from designer.presets.nextvit import PRESETS as _NEXTVIT
from designer.presets.picodet import PRESETS as _PICODET
from designer.presets.picodet_lcnet import PRESETS as _PICODET_LCNET
from designer.presets.poolformer import PRESETS as _POOLFORMER
from designer.presets.repghostnet import PRESETS as _REPGHOSTNET
from designer.presets.repnas import PRESETS as _REPNAS
from designer.presets.repvgg import PRESETS as _REPVGG
from designer.presets.resnet import PRESETS as _RESNET
from designer.presets.rmnet import PRESETS as _RMNET
from designer.presets.shufflenetv1 import PRESETS as _SHUFFLENETV1
from designer.presets.shufflenetv2 import PRESETS as _SHUFFLENETV2
from designer.presets.ssb_resnet_rs import PRESETS as _SSB_RESNET_RS
from designer.presets.trtvit import PRESETS as _TRTVIT
from designer.presets.vit import PRESETS as _VIT
from designer.presets.yolox import PRESETS as _YOLOX

__all__ = ["PRESETS", "PresetInfo", "Published", "load_preset"]

PRESETS: dict[str, PresetInfo] = {
    info.name: info
    for info in (
        *_REPGHOSTNET,
        *_GHOSTNET,
        *_EDGENEXT,
        *_NEXTVIT,
        *_HORNET,
        *_SSB_RESNET_RS,
        *_BOTNET,
        *_MOBILENETV1,
        *_MOBILENETV2,
        *_MOBILENETV3,
        *_LRASPP,
        *_MGIC,
        *_RESNET,
        *_G_GHOST_REGNETX,
        *_MOBILEONE,
        *_SHUFFLENETV1,
        *_SHUFFLENETV2,
        *_FBNET,
        *_REPVGG,
        *_DBB,
        *_RMNET,
        *_REPNAS,
        *_PICODET,
        *_EFFICIENTFORMER,
        *_VIT,
        *_CONVNEXT,
        *_POOLFORMER,
        *_MOBILEVIT,
        *_TRTVIT,
        *_MOBILEDET,
        *_LCNET,
        *_PICODET_LCNET,
        *_YOLOX,
    )
}


def load_preset(name: str) -> Design:
    """Return the design of a preset. Raises ValueError naming near matches."""
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else "`python -m designer presets` lists them."
        raise ValueError(f'There is no preset "{name}". {hint}')
    return PRESETS[name].build()
