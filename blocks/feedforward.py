"""The channels-last feed-forward half that EdgeNeXt and HorNet share with ConvNeXt: norm, expand, GELU, project, scale.

Shapes: (..., C) -> (..., C)
Train form:  gamma * Linear(GELU(Linear(LayerNorm(x)))), gamma one learned factor per channel (layer scale)
Deploy form: gamma is inside the second linear layer; a layer norm depends on its input and stays.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blocks import reparam
from blocks.layers import Linear

LAYER_SCALE = 1e-6
"""Initial value of every layer scale, as in the authors' codes of ConvNeXt, EdgeNeXt and HorNet."""

NORM_EPS = 1e-6


class FeedForward(nn.Module):
    """gamma * Linear(GELU(Linear(LayerNorm(x)))), the hidden width `expand_ratio` times C. (..., C) -> same."""

    def __init__(self, channels: int, expand_ratio: int = 4, deploy: bool = False) -> None:
        super().__init__()
        self.args = (channels, expand_ratio)
        self.deploy = deploy
        self.norm = nn.LayerNorm(channels, eps=NORM_EPS)
        self.expand = Linear(channels, expand_ratio * channels)
        self.act = nn.GELU()
        self.project = Linear(expand_ratio * channels, channels)
        if not deploy:
            self.gamma = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise, expand, activate, project, scale."""
        y = self.project(self.act(self.expand(self.norm(x))))
        return y if self.deploy else self.gamma * y

    def deploy_structure(self) -> FeedForward:
        """Return the skeleton without the layer scale."""
        return FeedForward(*self.args, deploy=True)

    def to_deploy(self) -> FeedForward:
        """Fold the layer scale into the second linear layer."""
        folded = reparam.skeleton_of(self)
        folded.norm.load_state_dict(self.norm.state_dict())
        folded.expand.load_state_dict(self.expand.state_dict())
        reparam.load(folded.project, reparam.fold_scale_after(self.project, self.gamma))
        return folded
