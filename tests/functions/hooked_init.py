"""A function that cannot be imported, and hooks that want to know."""

from lambda_bootstrap import on_init, on_init_error


@on_init
def never():
    print("never")


@on_init_error
def broken(exception):
    raise RuntimeError("a hook of little use")


@on_init_error
def report(exception):
    print(f"reported {type(exception).__name__}: {exception}")


raise ValueError("no configuration")
