from .names import nothing
