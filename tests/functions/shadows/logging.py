WHOSE = "the function's logging"
