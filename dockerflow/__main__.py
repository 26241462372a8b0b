"""``python -m dockerflow``: see :mod:`dockerflow.cli.main`."""

import sys

from dockerflow.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
