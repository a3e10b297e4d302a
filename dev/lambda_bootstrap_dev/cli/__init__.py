"""The command line: one file per verb, without logic, and `output`, which alone knows colours and terminals."""
