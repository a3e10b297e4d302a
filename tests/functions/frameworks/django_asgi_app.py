import django_site
from django.core.handlers.asgi import ASGIHandler

app = ASGIHandler()
