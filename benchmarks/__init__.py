"""
What the runtime costs beside its peers: `make bench` prints the tables.

`report` is pure: figures in, text out. `build` knows what each peer needs to run, `campaign` lets them take turns,
`server.c` takes the times. `echo` and `logs` are the functions that they run.
"""
