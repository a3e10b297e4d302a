"""The developer's tools, never shipped: an emulator of the Runtime API, its use in tests, and the command line."""
