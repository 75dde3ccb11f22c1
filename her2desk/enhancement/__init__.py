"""Enhancement: the picture enlarged before network and features see it, where a pack says so."""
