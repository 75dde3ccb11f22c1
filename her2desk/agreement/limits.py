"""When a third reader is called and which features are kept (V21), readable without loading anything.

Dice below 0.75 is validity rule V21's. It says little of a large lesion of which one reader takes in
a spur that the other leaves out, so the Hausdorff distance is asked too: over 5 mm by default, chosen
and not measured. That is the width of a T1 sub-category (T1a to 5 mm, T1b to 10 mm), so beyond it two
outlines may stage one tumour differently.
"""

DICE_BELOW = 0.75
HAUSDORFF_OVER_MM = 5.0
MIN_CASES = 30  # for an ICC
KEPT_FROM = 0.75  # of the lower bound of ICC(A,1)
