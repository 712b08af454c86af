"""Set up before numpy is imported: as the command does it (kmcli/__main__.py), for speed alone."""

import gc
import os

# Idle threads of the linear algebra wait in busy loops.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Libraries make many objects that stay: no need to look through them again and again.
gc.set_threshold(200_000, 50, 100)
