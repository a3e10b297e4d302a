"""loguru as it comes, on stderr; serialized, on stdout; and propagated to `logging`, as its documentation has it."""

import logging
import sys

from loguru import logger


class PropagateHandler(logging.Handler):
    def emit(self, record):
        logging.getLogger(record.name).handle(record)


def plain(event, context):
    logger.info("taken {}", event["order"])


def serialized(event, context):
    logger.remove()
    logger.add(sys.stdout, serialize=True)
    logger.bind(order=event["order"]).info("taken")


def propagated(event, context):
    logging.getLogger().setLevel("INFO")
    logger.remove()
    logger.add(PropagateHandler(), format="{message}")
    logger.info("taken {}", event["order"])


@logger.catch(reraise=True)
def caught(event, context):
    raise ValueError("boom")
