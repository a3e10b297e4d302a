WHOSE = "the function's types"
