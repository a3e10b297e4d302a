import time


def sleep(event, context):
    time.sleep(event["seconds"])
    return "awake"
