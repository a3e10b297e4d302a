"""What stays on the developer's machine: the emulator of the Runtime API, and the commands that use it."""
