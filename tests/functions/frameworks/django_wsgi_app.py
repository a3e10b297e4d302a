import django_site
from django.core.handlers.wsgi import WSGIHandler

app = WSGIHandler()
