"""Solves one VRPTW instance with PyVRP within so many seconds and prints its length.

`cargo xtask bench -- --only patrol` runs it beside our own search, with the Python that WATCHFIRE_PYVRP names:

    python3 conformance/routing/pyvrp_one.py R1_10_1.vrp 60

Distances are cut to one decimal (PyVRP's "dimacs"), as in the best known solutions.
"""

import sys

from pyvrp import read, solve
from pyvrp.stop import MaxRuntime


def main() -> None:
    path, seconds = sys.argv[1], float(sys.argv[2])
    data = read(path, round_func="dimacs")
    result = solve(data, stop=MaxRuntime(seconds), seed=1, display=False)
    if not result.is_feasible():
        sys.exit("PyVRP found nothing that keeps every rule")
    print(result.cost() / 10)


if __name__ == "__main__":
    main()
