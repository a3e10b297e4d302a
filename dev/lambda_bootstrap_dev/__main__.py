"""`python -m lambda_bootstrap_dev`: the command line, where its program isn't on the path."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
