def handler(event, context):
    if event == "fail":
        raise ValueError("boom")
    return event
