"""What is wrong with a function, or slow, before Lambda finds out."""
