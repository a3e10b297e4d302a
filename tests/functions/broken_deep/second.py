import json

from . import third
