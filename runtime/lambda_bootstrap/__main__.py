"""
`python3 -P -m lambda_bootstrap app.handler`: what `bootstrap` does, in an image that has a Python of its own.

Owns: which `bootstrap` the rest of the process's life belongs to. A wrapper and the children of `multiprocessing` start
that one, so that the package is found by its place, whatever is on their path.
Refuses to know: everything else.
"""

import os
import sys

HOME = os.path.dirname(os.path.realpath(__file__))
# Beside the package's modules in the wheel; beside runtime/ in the checkout and in what we ship.
BOOTSTRAP = next(filter(os.path.exists, (f"{HOME}/bootstrap", os.path.realpath(f"{HOME}/../../bootstrap"))), __file__)

if __name__ == "__main__":
    del sys.path[: not sys.flags.safe_path]  # the working directory, which `main` puts in its proper place
    __spec__ = None  # so that `multiprocessing` goes by the file
    __file__ = sys.argv[0] = BOOTSTRAP
    from . import _begin

    _begin(os.path.dirname(BOOTSTRAP), is_main=True)
