"""
What the runtime costs beside its peers: `make bench` prints the table.

`report` is pure: figures in, text out. `peers.py` knows what each peer needs to run. `server.c` takes the times.
"""
