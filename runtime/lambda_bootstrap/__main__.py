"""
`python3 -P -m lambda_bootstrap app.handler`: what `bootstrap` does, in an image that has a Python of its own.

Owns: which `bootstrap` the rest of the process's life belongs to. A wrapper and the children of `multiprocessing` start
that one, so that the package is found by its place, whatever is on their path.
Refuses to know: everything else.
"""

import builtins
import gc
import os
import sys

HOME = os.path.dirname(os.path.realpath(__file__))
# Beside the package's modules in the wheel; beside runtime/ in the checkout and in what we ship.
BOOTSTRAP = next(filter(os.path.exists, (f"{HOME}/bootstrap", os.path.realpath(f"{HOME}/../../bootstrap"))), __file__)

if __name__ == "__main__":
    gc.disable()  # until `main` has all it needs, as in `bootstrap`
    del sys.path[: not sys.flags.safe_path]  # the working directory, which `main` puts in its proper place
    builtins.exit = builtins.quit = sys.exit  # type: ignore[assignment] # by `site` something that closes stdin first
    __spec__ = None  # so that `multiprocessing` goes by the file
    __file__ = sys.argv[0] = BOOTSTRAP
    lazy = getattr(sys, "get_lazy_imports", str)()  # as in `bootstrap`
    getattr(sys, "set_lazy_imports", str)("normal")
    from .main import run

    run(sys.argv, os.path.dirname(BOOTSTRAP), lazy)
