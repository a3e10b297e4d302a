WHOSE = "the function's bootstrap"
