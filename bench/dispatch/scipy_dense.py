"""SciPy's dense assignment solver on a table of 32-bit costs: prints its CPU milliseconds (median of some) and the sum.

Usage: scipy_dense.py TABLE ROWS COLUMNS. Exit code 3 where SciPy is not installed."""

import statistics
import sys
import time

try:
    import numpy
    from scipy.optimize import linear_sum_assignment
except ImportError:
    sys.exit(3)

REPEATS = 5

table = numpy.fromfile(sys.argv[1], dtype=numpy.int32).reshape(int(sys.argv[2]), int(sys.argv[3]))
costs = table.astype(numpy.float64)  # what the solver works with; so the conversion is not in its time
times = []
for _ in range(REPEATS):
    begin = time.process_time()
    rows, columns = linear_sum_assignment(costs)
    times.append(time.process_time() - begin)
print(1000 * statistics.median(times), int(table[rows, columns].sum()))
