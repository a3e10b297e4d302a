WHOSE = "the function's json"
