"""Decoders of events and encoders of results, as annotations ask for them. Opened by `signature` and `codec`."""
