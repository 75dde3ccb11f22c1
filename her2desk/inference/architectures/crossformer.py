"""CrossFormer in a small size of our own: three stages, so that a 112-px crop gives a 7 × 7 map.

Wang et al., "CrossFormer: a versatile vision transformer hinging on cross-scale attention", ICLR 2022
(arXiv 2108.00154): the cross-scale embedding layer of section 3.1, long and short distance attention of
section 3.2.1, the dynamic position bias of section 3.2.2. Our choices are the widths, the depths and the
group's side, which follows the input instead of being 7 always.
"""

import torch
from torch import nn

WIDTHS = (64, 128, 256)
BLOCKS_PER_STAGE = 2  # one of short, one of long distance
HEAD_WIDTH = 32
FIRST_KERNELS = (4, 8, 16, 32)  # of stride 4, as in the paper
LATER_KERNELS = (2, 4)  # of stride 2, as in the paper
LARGEST_GROUP = 7
GRID_PX = 16  # the last stage has one embedding for so many pixels
# Sides whose grids fall into groups of at least 4 × 4 embeddings
INPUT_MULTIPLES = (64, 80, 96, 112)


class CrossFormer(nn.Module):
    """float32 (images, channels, side, side) to one logit each; the side as ``INPUT_MULTIPLES`` say."""

    def __init__(self, channels: int = 1) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for i, width in enumerate(WIDTHS):
            if i == 0:
                stages.append(_CrossScaleEmbedding(channels, width, FIRST_KERNELS, stride=4))
            else:
                stages.append(nn.LayerNorm(WIDTHS[i - 1]))
                stages.append(_CrossScaleEmbedding(WIDTHS[i - 1], width, LATER_KERNELS, stride=2))
            stages += [_Block(width, is_long=j % 2 == 1) for j in range(BLOCKS_PER_STAGE)]
        self.stages = nn.Sequential(*stages)
        self.norm = nn.LayerNorm(WIDTHS[-1])
        self.head = nn.Linear(WIDTHS[-1], 1)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (images, 1)."""
        logits: torch.Tensor = self.head(self.maps(images).mean(dim=(2, 3)))
        return logits

    def maps(self, images: torch.Tensor) -> torch.Tensor:
        """The normalised embeddings as maps (images, 256, rows, columns)."""
        embeddings: torch.Tensor = self.norm(self.stages(images.permute(0, 2, 3, 1)))
        return embeddings.permute(0, 3, 1, 2)


class _CrossScaleEmbedding(nn.Module):
    """Patches of several sizes around the same centres, projected and put side by side.

    The smallest get half of the width, the next a quarter and so on; the last two get the same. Takes and
    gives (images, rows, columns, width).
    """

    def __init__(self, width: int, out: int, kernels: tuple[int, ...], stride: int) -> None:
        super().__init__()
        shares = [out >> (i + 1) for i in range(len(kernels))]
        shares[-1] = out - sum(shares[:-1])
        self.projections = nn.ModuleList(
            nn.Conv2d(width, share, kernel, stride, padding=(kernel - stride) // 2)
            for kernel, share in zip(kernels, shares, strict=True)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        images = x.permute(0, 3, 1, 2)
        scales = [projection(images) for projection in self.projections]
        return torch.cat(scales, dim=1).permute(0, 2, 3, 1)


class _Block(nn.Module):
    """Attention within groups, then two linear layers, each behind a normalisation and with a skip."""

    def __init__(self, width: int, is_long: bool) -> None:
        super().__init__()
        self._is_long = is_long
        self.norm1 = nn.LayerNorm(width)
        self.attention = _GroupAttention(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        side = group_side(x.shape[1])
        groups = _grouped(self.norm1(x), side, self._is_long)
        x = x + _ungrouped(self.attention(groups, side), x.shape, side, self._is_long)
        mixed: torch.Tensor = x + self.mlp(self.norm2(x))
        return mixed


class _GroupAttention(nn.Module):
    """Self-attention among the side² embeddings of each group, with the dynamic position bias."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self._heads = width // HEAD_WIDTH
        self.qkv = nn.Linear(width, 3 * width)
        self.projection = nn.Linear(width, width)
        self.position_bias = _DynamicPositionBias(width, self._heads)

    def forward(self, x: torch.Tensor, side: int) -> torch.Tensor:
        groups, count, width = x.shape
        split = self.qkv(x).reshape(groups, count, 3, self._heads, HEAD_WIDTH)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        scores = (query * HEAD_WIDTH**-0.5) @ key.transpose(-2, -1) + self.position_bias(side)
        mixed = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(groups, count, width)
        projected: torch.Tensor = self.projection(mixed)
        return projected


class _DynamicPositionBias(nn.Module):
    """A small network from the offset between two embeddings to each head's bias, for any group side."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        inner = width // 4
        layers: list[nn.Module] = [nn.Linear(2, inner)]
        for out in (inner, inner, heads):
            layers += [nn.LayerNorm(inner), nn.ReLU(), nn.Linear(inner, out)]
        self.layers = nn.Sequential(*layers)

    def forward(self, side: int) -> torch.Tensor:
        """Biases (heads, side², side²)."""
        device = next(self.parameters()).device
        offsets = torch.arange(1 - side, side, device=device, dtype=torch.float32)
        biases = self.layers(torch.cartesian_prod(offsets, offsets))
        places = torch.arange(side, device=device)
        row, column = torch.cartesian_prod(places, places).T
        rows = row[:, None] - row[None, :] + side - 1
        columns = column[:, None] - column[None, :] + side - 1
        chosen: torch.Tensor = biases[rows * (2 * side - 1) + columns]
        return chosen.permute(2, 0, 1)


def group_side(grid_side: int) -> int:
    """The largest divisor of the grid's side that is at most 7."""
    return next(g for g in range(min(grid_side, LARGEST_GROUP), 0, -1) if grid_side % g == 0)


def _grouped(x: torch.Tensor, side: int, is_long: bool) -> torch.Tensor:
    """(images, rows, columns, width) as (groups, side², width).

    Short distance: neighbours form a group. Long distance: every (rows / side)-th embedding does.
    """
    images, rows, columns, width = x.shape
    if is_long:
        x = x.reshape(images, side, rows // side, side, columns // side, width)
        x = x.permute(0, 2, 4, 1, 3, 5)
    else:
        x = x.reshape(images, rows // side, side, columns // side, side, width)
        x = x.permute(0, 1, 3, 2, 4, 5)
    return x.reshape(-1, side * side, width)


def _ungrouped(groups: torch.Tensor, shape: torch.Size, side: int, is_long: bool) -> torch.Tensor:
    """The inverse of ``_grouped``."""
    images, rows, columns, width = shape
    x = groups.reshape(images, rows // side, columns // side, side, side, width)
    order = (0, 3, 1, 4, 2, 5) if is_long else (0, 1, 3, 2, 4, 5)
    return x.permute(*order).reshape(shape)
