"""What other libraries need to find themselves at home, one file a library. Opened when the function imports it."""
