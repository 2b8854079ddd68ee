"""The palette, in order: family by family, each block's config class by its saved name."""

from __future__ import annotations

from blocks.botnet import BoTNetBottleneckConfig
from blocks.config import BlockConfig
from blocks.convnext import ConvNeXtBlockConfig
from blocks.convs import ConvNormActConfig, DepthwiseConvConfig, PointwiseConvConfig
from blocks.csp import CSPLayerConfig
from blocks.dbb import DBBConvConfig
from blocks.dbb_units import DBBBasicBlockConfig, DBBBottleneckConfig, DBBSeparableConfig
from blocks.distilled import DistilledLinearConfig
from blocks.edgenext import EdgeNeXtConvEncoderConfig, EdgeNeXtSDTAEncoderConfig
from blocks.edgenext_bn import EdgeNeXtBNConvEncoderConfig, EdgeNeXtBNSDTAEncoderConfig
from blocks.efficientformer import MB3DConfig, MB4DConfig
from blocks.esnet import ESNetBlockConfig
from blocks.fbnet import FBNetTBSConfig
from blocks.gghost import GGhostStageConfig, RegNetXBlockConfig
from blocks.ghost import GhostBottleneckConfig, GhostModuleConfig
from blocks.global_filter import GlobalLocalFilterConfig
from blocks.global_max_pool import GlobalMaxPoolConfig
from blocks.heads import LinearConfig, SqueezeExciteConfig
from blocks.hornet import GnConvConfig, HorNetBlockConfig, HorNetGFBlockConfig
from blocks.joins import AddConfig, ChannelShuffleConfig, ConcatConfig, MultiplyConfig, SplitConfig
from blocks.lcnet import LCNetBlockConfig
from blocks.lraspp import LRASPPHeadConfig
from blocks.mgic import MGICMobileBlockConfig, MGICResNetBlockConfig
from blocks.mobiledet import MobileDetFusedConfig, MobileDetIBNConfig, MobileDetTuckerConfig
from blocks.mobilenetv1 import DepthwiseSeparableConfig
from blocks.mobilenetv2 import InvertedResidualConfig
from blocks.mobilenetv3 import MobileNetV3BlockConfig
from blocks.mobileone import MobileOneBlockConfig, MobileOneUnitConfig
from blocks.mobilevit import MobileViTBlockConfig, MobileViTMV2Config
from blocks.nextvit import NextViTNCBConfig, NextViTNTBConfig
from blocks.picodet import PicoDetHeadConfig
from blocks.picodet_aligned import PicoDetAlignedHeadConfig
from blocks.picodet_decode import PicoDetDecodeConfig
from blocks.poolformer import PoolFormerBlockConfig, PoolFormerEmbedConfig
from blocks.pooling import AvgPoolConfig, GlobalAvgPoolConfig, MaxPoolConfig, UpsampleConfig
from blocks.repghost import RepGhostBottleneckConfig, RepGhostModuleConfig
from blocks.repnas import ODBBConfig
from blocks.repvgg import RepVGGBlockConfig
from blocks.resizing import ResizeLikeConfig
from blocks.resnet import ResNetBasicBlockConfig, ResNetBottleneckConfig
from blocks.rm_inverted import RMInvertedConfig
from blocks.rmnet import RMBlockConfig, RMRepVGGBlockConfig
from blocks.shufflenetv1 import ShuffleNetV1UnitConfig
from blocks.shufflenetv2 import ShuffleNetV2UnitConfig
from blocks.simple import (
    ActivationConfig,
    BatchNormConfig,
    DropoutConfig,
    IdentityConfig,
    InputConfig,
    LayerNormConfig,
    OutputConfig,
)
from blocks.ssb import ResNetRSBottleneckConfig, SSBBottleneckConfig
from blocks.tf_padding import TFSamePadConfig
from blocks.tokens import ClassTokenConfig, ToTokensConfig
from blocks.trtvit import MixBlockAConfig, MixBlockBConfig, MixBlockCConfig
from blocks.vit import PatchEmbedConfig, ViTBlockConfig
from blocks.yolox import FocusConfig, YOLOXHeadConfig

BLOCKS: tuple[type[BlockConfig], ...] = (
    InputConfig,
    OutputConfig,
    ConvNormActConfig,
    DepthwiseConvConfig,
    PointwiseConvConfig,
    TFSamePadConfig,
    MaxPoolConfig,
    AvgPoolConfig,
    GlobalAvgPoolConfig,
    GlobalMaxPoolConfig,
    UpsampleConfig,
    ResizeLikeConfig,
    AddConfig,
    MultiplyConfig,
    ConcatConfig,
    SplitConfig,
    ChannelShuffleConfig,
    BatchNormConfig,
    LayerNormConfig,
    ActivationConfig,
    DropoutConfig,
    IdentityConfig,
    SqueezeExciteConfig,
    LinearConfig,
    DistilledLinearConfig,
    GhostModuleConfig,
    GhostBottleneckConfig,
    RepGhostModuleConfig,
    RepGhostBottleneckConfig,
    EdgeNeXtConvEncoderConfig,
    EdgeNeXtSDTAEncoderConfig,
    EdgeNeXtBNConvEncoderConfig,
    EdgeNeXtBNSDTAEncoderConfig,
    NextViTNCBConfig,
    NextViTNTBConfig,
    GnConvConfig,
    HorNetBlockConfig,
    GlobalLocalFilterConfig,
    HorNetGFBlockConfig,
    ResNetRSBottleneckConfig,
    SSBBottleneckConfig,
    BoTNetBottleneckConfig,
    ResNetBasicBlockConfig,
    ResNetBottleneckConfig,
    DepthwiseSeparableConfig,
    InvertedResidualConfig,
    MobileNetV3BlockConfig,
    LRASPPHeadConfig,
    MGICResNetBlockConfig,
    MGICMobileBlockConfig,
    RegNetXBlockConfig,
    GGhostStageConfig,
    MobileOneBlockConfig,
    MobileOneUnitConfig,
    ShuffleNetV1UnitConfig,
    ShuffleNetV2UnitConfig,
    FBNetTBSConfig,
    RepVGGBlockConfig,
    RMBlockConfig,
    RMRepVGGBlockConfig,
    RMInvertedConfig,
    DBBConvConfig,
    DBBBasicBlockConfig,
    DBBBottleneckConfig,
    DBBSeparableConfig,
    ODBBConfig,
    LCNetBlockConfig,
    ESNetBlockConfig,
    CSPLayerConfig,
    PicoDetHeadConfig,
    PicoDetAlignedHeadConfig,
    PicoDetDecodeConfig,
    PatchEmbedConfig,
    ToTokensConfig,
    ViTBlockConfig,
    ClassTokenConfig,
    MB4DConfig,
    MB3DConfig,
    PoolFormerEmbedConfig,
    PoolFormerBlockConfig,
    ConvNeXtBlockConfig,
    MobileViTMV2Config,
    MobileViTBlockConfig,
    MixBlockAConfig,
    MixBlockBConfig,
    MixBlockCConfig,
    MobileDetIBNConfig,
    MobileDetFusedConfig,
    MobileDetTuckerConfig,
    FocusConfig,
    YOLOXHeadConfig,
)

CATALOG: dict[str, type[BlockConfig]] = {block.name: block for block in BLOCKS}
