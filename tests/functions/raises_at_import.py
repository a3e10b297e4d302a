def fail():
    raise LookupError("no table")


fail()
