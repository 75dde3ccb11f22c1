"""Write scikit-learn's bundled breast-cancer table as the CSV that the R scripts here read.

    cd tests/golden
    python stats_export_table.py breast_cancer.csv
    Rscript stats_goldens.R breast_cancer.csv stats_goldens.json
    Rscript nomogram_goldens.R breast_cancer.csv nomogram_goldens.json
    Rscript evaluation_goldens.R breast_cancer.csv evaluation_goldens.json

The packages are Debian's r-cran-rms, r-cran-proc and r-cran-jsonlite.

Only the JSON is kept; the tests take the table from scikit-learn itself.
"""

import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer

table = load_breast_cancer()
names = [name.replace(" ", "_") for name in table.feature_names]
lines = [",".join(["malignant", *names])]
for row, target in zip(table.data, table.target, strict=True):
    lines.append(",".join([str(1 - target), *(repr(float(v)) for v in row)]))
Path(sys.argv[1]).write_text("\n".join(lines) + "\n")
