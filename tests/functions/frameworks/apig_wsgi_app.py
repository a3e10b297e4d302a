from apig_wsgi import make_lambda_handler
from flask_app import app

handler = make_lambda_handler(app)
