try:
    import no_such_module
except ImportError as error:
    raise ImportError("the extra [fast] is missing") from error
