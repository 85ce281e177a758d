"""Unwraps signed deliveries with the Python SDK, and says how long it took and what came back."""

import json
import sys
import time

from linq import LinqAPIV3


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        signed = json.load(file)
    rounds = int(sys.argv[2])
    webhooks = LinqAPIV3(api_key="none", webhook_secret=signed["secret"]).webhooks
    deliveries = [(one["body"], one["headers"]) for one in signed["deliveries"]]

    right = 0
    for one in signed["deliveries"]:
        event = webhooks.unwrap(one["body"], headers=one["headers"])
        # The SDK has a class for each event, in the newest payload version that has one.
        right += type(event).__name__ == one["type"] + "WebhookEvent"

    start = time.perf_counter_ns()
    for _ in range(rounds):
        for body, headers in deliveries:
            webhooks.unwrap(body, headers=headers)
    nanoseconds = (time.perf_counter_ns() - start) / (rounds * len(deliveries))
    print(json.dumps({"nanoseconds": nanoseconds, "right": right}))


main()
