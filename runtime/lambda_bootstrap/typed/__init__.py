"""What an annotation asks for: a decoder of the event, an encoder of the result. Opened by `signature` and `codec`."""
