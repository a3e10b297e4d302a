from opentelemetry import trace

tracer = trace.get_tracer("shop")


def handler(event, context):
    with tracer.start_as_current_span("work"):
        pass
    if event.get("fail"):
        raise ValueError("boom")
    return {"statusCode": event.get("status", 200)}
