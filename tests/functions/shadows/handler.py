WHOSE = "the function's handler"
