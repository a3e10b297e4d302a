from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="shop")
tracer = Tracer(service="shop")
metrics = Metrics(namespace="shop", service="orders")


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(log_event=True)
@tracer.capture_lambda_handler
def handler(event, context):
    logger.info("told", extra={"order": 7})
    metrics.add_metric(name="Orders", unit=MetricUnit.Count, value=1)
    return "done"
