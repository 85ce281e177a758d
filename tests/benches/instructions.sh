#!/usr/bin/env bash
# Counts the instructions of parsing all webhook examples: WebhookEvent beside direct typed parsing.
# Needs valgrind. The difference of two run lengths leaves start-up out.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --release --package linq-tests --bin count
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "${CARGO_TARGET_DIR:-target}/release/count" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : *//p'
}
per_round() { echo $((($(count "$1" 21) - $(count "$1" 1)) / 20)); }
typed=$(per_round typed)
event=$(per_round event)
echo "typed $typed, event $event, ratio $((event * 1000 / typed))/1000"
