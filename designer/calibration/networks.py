"""The networks that a calibration times and fits, and those that check it and are never fitted.

Small ones of every system of the catalogue, some at a smaller input, so that each kind of kernel is seen at many
sizes. `CHECKED` has other networks, so a profile made here has seen none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from designer.presets import PRESETS

Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Subject:
    """A preset, at another square input than its own where `side` says so."""

    preset: str
    side: int | None = None

    @property
    def size(self) -> Size | None:
        """Channels, height and width where the input is not the design's own."""
        return None if self.side is None else (3, self.side, self.side)

    @property
    def label(self) -> str:
        """What to call it in progress lines and tables."""
        return self.preset if self.side is None else f"{self.preset} at {self.side}"

    @property
    def family(self) -> str:
        """The system of the preset: what is held out together."""
        return PRESETS[self.preset].system


REFERENCE = "mobilenetv1_025"
"""Timed again and again through a calibration: short, and made of the kernels that most networks are made of."""

_QUICK = """
mobilenetv1_025 resnet18@160 shufflenet_v2_x0_5 mobilenetv3_small_100 ghostnet_050 repghostnet_080 mobilenetv2_035
lcnet_050 deit_tiny_patch16_224 edgenext_xx_small convnext_tiny@128 poolformer_s12@128 picodet_s_320 fbnet_a
shufflenet_v1_g2_x1_0 regnetx_040@128 mobilevit_s@192 mobileone_s0 yolox_nano_416
lraspp_mobilenet_v3_small_rf2 mobiledet_edgetpu_320 mgic_mobilenetv3_small_s32
"""
_REST = """
repghostnet_050 repghostnet_130 ghostnet_130 edgenext_small edgenext_xx_small_bn_hs nextvit_base@128 ssb_resnet_rs_50
resnetrs101@160 mobilenetv1_100 mobilenetv2_140 mobilenetv3_large_075 tf_mobilenetv3_large_minimal_100
mgic_resnet_2222_s32 resnet18 resnet50@160 g_ghost_regnetx_040@160 mobileone_s2 mobileone_s4@160 shufflenet_v1_g1_x0_5
shufflenet_v1_g4_x1_0 shufflenet_v1_g8_x0_5 shufflenet_v1_g3_x2_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0_megvii
fbnet_samsung_s8 repvgg_a0 repvgg_b1g4@128 rmnext41_64x5_g16@160 rm_repvgg_21@160 rmnet_mobilenetv2 repnas_a0
picodet_l_320 picodet_s_416_decoded convnext_tiny poolformer_s12 trt_vit_c mobiledet_dsp_320 lcnet_150
picodet_xs_320_lcnet hornet_tiny_gf hornet_small_7x7@128 efficientformer_l3@160
"""
_CHECKED = """
repghostnet_100 repghostnet_150 ghostnet_100 edgenext_x_small edgenext_small_bn_hs nextvit_small hornet_tiny_7x7
resnetrs50 botnet_s1_50 mobilenetv1_050 mobilenetv2_100 mobilenetv3_large_100 mobilenetv3_small_075
lraspp_mobilenet_v3_large_rf2 mgic_mobilenetv3_large_s64 resnet34 g_ghost_regnetx_032 mobileone_s1
shufflenet_v1_g3_x1_0 shufflenet_v1_g8_x1_0 shufflenet_v2_x1_0 fbnetc_100 repvgg_a1 rmnext50_64x5_g32
picodet_s_320_lcnet efficientformer_l1 deit_small_patch16_224 mobiledet_cpu_320 lcnet_100 yolox_tiny_416
"""


def _subjects(text: str) -> tuple[Subject, ...]:
    pairs = [word.partition("@") for word in text.split()]
    return tuple(Subject(preset, int(side) if side else None) for preset, _, side in pairs)


QUICK = _subjects(_QUICK)
"""What `--quick` measures."""
FITTED = (*QUICK, *_subjects(_REST))
"""What a calibration measures."""
CHECKED = _subjects(_CHECKED)
"""Thirty whole networks for `benchmarks.calibration`; no calibration measures them."""
