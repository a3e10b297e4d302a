"""Results that are sent while they are made, and HTTP. Opened by `loop`, for a result that is a stream."""
