#!/usr/bin/env bash
# Fuzzes each target for so many seconds (600 if not said), with the events of our document as seeds.
# Needs cargo-fuzz: `cargo install cargo-fuzz`.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-600}"
# cargo-fuzz asks for a sanitizer, which a stable compiler has too, and hides.
export RUSTC_BOOTSTRAP=1
cargo run --quiet --release --package linq-tests --bin corpus fuzz/corpus
for target in from_slice verify; do
    cargo fuzz run "$target" -- -max_total_time="$seconds"
done
