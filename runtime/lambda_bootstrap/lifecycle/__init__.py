"""What lives as long as the environment. Opened by what runs on it."""
