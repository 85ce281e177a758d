#!/usr/bin/env bash
# Counts the instructions of all webhook examples: WebhookEvent beside direct typed parsing; verification
# beside the bare HMAC-SHA256, and both together. Needs valgrind, which knows no SHA instructions: HMAC
# weighs more here than on a processor that has them. The difference of two run lengths leaves start-up out.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --quiet --release --package linq-tests --bin count
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "${CARGO_TARGET_DIR:-target}/release/count" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : *//p'
}
per_round() { echo $((($(count "$1" 21) - $(count "$1" 1)) / 20)); }
beside() {
    local plain ours
    plain=$(per_round "$1")
    ours=$(per_round "$2")
    echo "$1 $plain, $2 $ours, ratio $((ours * 1000 / plain))/1000"
}
beside typed event
beside hmac verify
beside hmac+typed verify+parse
