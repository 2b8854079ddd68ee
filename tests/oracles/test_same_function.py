"""With the reference's weights, presets compute what timm's and torchvision's networks compute.

One or two of each family, at sizes that show more than the usual ones: not square, odd where the network takes it.
`make zoo` does the same for every preset that has a reference.
"""

from __future__ import annotations

import pytest

from designer.presets import PRESETS, load_preset
from tests.oracles.same_function import assert_same_network
from tests.oracles.timm_oracle import reference_of

CASES = [
    ("nextvit_small", 3, 96, 64),
    ("edgenext_xx_small", 3, 96, 64),
    ("resnet18", 3, 97, 70),
    ("resnet50", 3, 97, 70),
    ("regnetx_032", 4, 64, 64),
    ("mobileone_s0", 4, 97, 90),  # four branches
    ("mobileone_s4", 4, 97, 90),  # gates
    ("repvgg_a0", 4, 97, 90),
    ("shufflenet_v2_x0_5", 3, 64, 96),
    ("shufflenet_v2_x1_0", 3, 64, 96),  # the first unit's branches give another width than they get
    ("fbnetc_100", 3, 64, 96),
    ("lcnet_035", 4, 64, 64),
    ("lcnet_050", 4, 64, 64),
    ("efficientformer_l1", 2, 224, 224),  # timm's table of biases is for 7 x 7 tokens
    ("deit_tiny_patch16_224", 2, 224, 224),
    ("convnext_tiny", 3, 96, 64),
    ("poolformer_s12", 3, 97, 66),
    ("mobilevit_s", 3, 128, 64),
    # TensorFlow's padding splits its zeros differently at each stride of an odd size.
    *((name, 3, *size) for size in ((96, 64), (75, 61)) for name in (
        "mobilenetv1_100", "mobilenetv2_035", "mobilenetv3_small_075", "tf_mobilenetv3_small_minimal_100",
        "lraspp_mobilenet_v3_large",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("name", "batch", "height", "width"), CASES)
def test_with_the_references_weights_the_network_and_its_deploy_form_are_the_references(
    name: str, batch: int, height: int, width: int
) -> None:
    assert_same_network(reference_of(PRESETS[name]), load_preset(name), batch, height, width)
