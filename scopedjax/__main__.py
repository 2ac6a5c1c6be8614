"""`python -m scopedjax`: the command line, see `scopedjax._src.cli.main`."""

from __future__ import annotations

import sys

from scopedjax._src.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
