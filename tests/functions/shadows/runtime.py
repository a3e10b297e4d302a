WHOSE = "the function's runtime"
