def text(event, context):
    return "x" * event["length"]
