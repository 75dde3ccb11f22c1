"""How a pack, and who reads with it, do here: local results, drift, recalibration, agreement."""
