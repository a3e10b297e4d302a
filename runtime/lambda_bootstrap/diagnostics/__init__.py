"""What helps somebody to find a fault. Opened when there is one, or by an option."""
