import sys


def loaded(event, context):
    return event in sys.modules
