#!/usr/bin/env bash
# The one script: ./do setup | build | test | lab | fmt | check | bench | fuzz
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec tools/run "$@"
