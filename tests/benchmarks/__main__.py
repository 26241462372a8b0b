"""The benchmarks, or some: ``python -m tests.benchmarks [heartbeat] [logs] [requests]``.

What counts is the ratios within one run; machines differ, and are busy at times.
"""

import subprocess
import sys

for name in sys.argv[1:] or ["heartbeat", "logs", "requests"]:
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)
