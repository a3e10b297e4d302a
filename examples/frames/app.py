"""The means of a day's readings, with pandas and numpy: large packages, built for Lambda's machine."""

from typing import Any

import pandas as pd


def handler(event: dict[str, Any]) -> dict[str, Any]:
    """Give each sensor's mean, and how often it was read."""
    frame = pd.DataFrame(event["readings"])
    found = frame.groupby("sensor")["value"].agg(["mean", "count"])
    return {str(sensor): {"mean": float(row["mean"]), "count": int(row["count"])} for sensor, row in found.iterrows()}
