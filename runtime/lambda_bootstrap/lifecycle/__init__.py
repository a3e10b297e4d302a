"""What lives as long as the environment. Opened for a handler or a stream that is `async`."""
