"""A program with an entry point of its own, for a web application."""

import lambda_bootstrap
from webapps import wsgi

lambda_bootstrap.start(wsgi)
