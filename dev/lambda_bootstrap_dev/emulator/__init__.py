"""The other end of the Runtime API, for a laptop and for tests."""
