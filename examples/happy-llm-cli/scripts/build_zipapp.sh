#!/bin/sh
# Packs the package into outputs/happy-llm.pyz. What an earlier run left there is replaced.
set -eu
cd "$(dirname "$0")/.."

rm -rf outputs/build
mkdir -p outputs/build
cp -R happy_llm_cli outputs/build/
find outputs/build -type d -name __pycache__ -prune -exec rm -rf {} +
cp happy_llm_cli/__main__.py outputs/build/
python3 -m zipapp outputs/build -p "/usr/bin/env python3" -o outputs/happy-llm.pyz
rm -rf outputs/build
echo "packed outputs/happy-llm.pyz"
