"""What other libraries need to work here, one file a library. Opened by a library's import, or by a setting."""
