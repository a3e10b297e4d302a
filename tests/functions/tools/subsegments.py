from aws_xray_sdk.core import patch, xray_recorder

patch(["httplib"])


def handler(event, context):
    with xray_recorder.in_subsegment("work") as subsegment:
        subsegment.put_annotation("order", 7)
    return "traced"
