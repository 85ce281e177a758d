"""Signs and verifies what standard input says, by the official library for Python."""

import json
import sys
from datetime import datetime, timezone

from standardwebhooks import Webhook, WebhookVerificationError


def answer(task):
    webhook = Webhook(task["secret"])
    if task["do"] == "sign":
        time = datetime.fromtimestamp(task["timestamp"], tz=timezone.utc)
        return webhook.sign(task["id"], time, task["body"])
    headers = {
        "webhook-id": task["id"],
        "webhook-timestamp": str(task["timestamp"]),
        "webhook-signature": task["signature"],
    }
    try:
        webhook.verify(task["body"].encode(), headers)
        return "accepted"
    except WebhookVerificationError as error:
        return str(error)


json.dump([answer(task) for task in json.load(sys.stdin.buffer)], sys.stdout)
