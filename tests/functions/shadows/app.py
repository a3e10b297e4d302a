"""A function whose modules are called like the library's and the runtime's."""

import bootstrap
import errors
import handler as handler_module
import json
import logging
import runtime
import types
import urllib3


def handler(event, context):
    modules = (bootstrap, errors, handler_module, json, logging, runtime, types, urllib3)
    return {module.__name__: module.WHOSE for module in modules}


def fails(event, context):
    raise ValueError("with modules of its own")
