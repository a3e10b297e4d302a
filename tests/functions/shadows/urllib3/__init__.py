WHOSE = "the function's urllib3"
