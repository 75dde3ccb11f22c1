"""A network's own forward pass, with the maps that Grad-CAM looks at caught on their way."""

import torch
from torch import nn


def logit_and_maps(
    network: nn.Module, architecture: str, images: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The logit of one image, and the last feature maps that it was computed from, in autograd's graph."""
    seen: list[torch.Tensor] = []
    if hasattr(network, "maps"):  # the networks of our own
        real = network.maps
        network.maps = lambda x: seen.append(real(x)) or seen[-1]
        logit = network(images)[0, 0]
        del network.maps
    else:
        is_densenet = architecture == "densenet121"  # looked at where they are rectified
        module = network.class_layers.relu if is_densenet else network.layer4
        hook = module.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
        logit = network(images)[0, 0]
        hook.remove()
    (maps,) = seen
    return logit, maps
