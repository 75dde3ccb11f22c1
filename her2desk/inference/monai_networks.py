"""MONAI's networks, loaded without the library that it would download with.

MONAI tries on import whether ``requests`` is there, and that opens a socket to see whether the computer
speaks IPv6. Nothing here downloads.
"""

import sys

_there = sys.modules.get("requests")
sys.modules["requests"] = None  # type: ignore[assignment]  # as where it is not installed
try:
    from monai.networks.nets import DenseNet121, ResNet
finally:
    if _there is None:
        del sys.modules["requests"]
    else:
        sys.modules["requests"] = _there

__all__ = ["DenseNet121", "ResNet"]
