def load():
    import no_such_module


load()
