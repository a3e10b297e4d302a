"""An application of Chalice: routes, a plain function, a queue, a schedule, and its own logger."""

from chalice import BadRequestError, Chalice, Rate

app = Chalice(app_name="orders")
app.log.setLevel("INFO")


@app.route("/orders/{name}", methods=["PUT"])
def put(name):
    app.log.info("put %s", name)
    request = app.current_request
    if not request.json_body:
        raise BadRequestError("nothing to put")
    return {"name": name, "body": request.json_body, "function": app.lambda_context.function_name}


@app.route("/orders/fails")
def fails():
    raise ValueError("boom")


@app.lambda_function(name="plain")
def plain(event, context):
    return [event, context.function_name]


@app.on_sqs_message(queue="orders")
def queue(event):
    return [record.body for record in event]


@app.schedule(Rate(1, unit=Rate.HOURS))
def hourly(event):
    raise ValueError("too early")
