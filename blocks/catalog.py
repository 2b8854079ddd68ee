"""The palette, in order: family by family, each block's config class by its saved name."""

from __future__ import annotations

from blocks.config import BlockConfig
from blocks.convs import ConvNormActConfig, DepthwiseConvConfig, PointwiseConvConfig
from blocks.edgenext import EdgeNeXtConvEncoderConfig, EdgeNeXtSDTAEncoderConfig
from blocks.gghost import GGhostStageConfig, RegNetXBlockConfig
from blocks.ghost import GhostBottleneckConfig, GhostModuleConfig
from blocks.heads import LinearConfig, SqueezeExciteConfig
from blocks.hornet import GnConvConfig, HorNetBlockConfig
from blocks.joins import AddConfig, ChannelShuffleConfig, ConcatConfig, MultiplyConfig, SplitConfig
from blocks.mobilenetv2 import InvertedResidualConfig
from blocks.nextvit import NextViTNCBConfig, NextViTNTBConfig
from blocks.pooling import AvgPoolConfig, GlobalAvgPoolConfig, MaxPoolConfig, UpsampleConfig
from blocks.repghost import RepGhostBottleneckConfig, RepGhostModuleConfig
from blocks.resnet import ResNetBasicBlockConfig, ResNetBottleneckConfig
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

BLOCKS: tuple[type[BlockConfig], ...] = (
    InputConfig,
    OutputConfig,
    ConvNormActConfig,
    DepthwiseConvConfig,
    PointwiseConvConfig,
    MaxPoolConfig,
    AvgPoolConfig,
    GlobalAvgPoolConfig,
    UpsampleConfig,
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
    GhostModuleConfig,
    GhostBottleneckConfig,
    RepGhostModuleConfig,
    RepGhostBottleneckConfig,
    EdgeNeXtConvEncoderConfig,
    EdgeNeXtSDTAEncoderConfig,
    NextViTNCBConfig,
    NextViTNTBConfig,
    GnConvConfig,
    HorNetBlockConfig,
    ResNetRSBottleneckConfig,
    SSBBottleneckConfig,
    ResNetBasicBlockConfig,
    ResNetBottleneckConfig,
    InvertedResidualConfig,
    RegNetXBlockConfig,
    GGhostStageConfig,
)

CATALOG: dict[str, type[BlockConfig]] = {block.name: block for block in BLOCKS}
