WHOSE = "the function's errors"
