"""Everything that computes."""

import os

# Threads that wait for each other sleep: where other programs share the cores, spinning makes small steps ten times
# slower. OpenMP reads this when it is loaded, so it stands before any import.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
