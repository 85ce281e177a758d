#!/usr/bin/env bash
# Clean build time of linq-types and linq-client, dependencies built, beside one crate as plain progenitor makes
# it from the same document. Runs take turns, so that the machine's load falls on both; read the ratio.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR="$work/target"
cargo run --quiet --package xtask --example plain_progenitor -- "$work/plain"
cargo build --quiet --package linq-client
(cd "$work/plain" && cargo build --quiet)
seconds() {
    local start end
    start=$(date +%s%N)
    "$@"
    end=$(date +%s%N)
    echo $(((end - start) / 1000000))
}
ours() { cargo build --quiet --package linq-client; }
plain() { (cd "$work/plain" && cargo build --quiet); }
for _ in $(seq "$rounds"); do
    cargo clean --quiet --package linq-types --package linq-client 2>/dev/null
    a=$(seconds ours)
    (cd "$work/plain" && cargo clean --quiet --package plain 2>/dev/null)
    b=$(seconds plain)
    echo "linq-types and linq-client $a ms, plain progenitor $b ms, ratio $((a * 100 / b))/100"
done
