#!/bin/sh
# Runs the program and compares its standard output and exit status with what docs/cli_contract.md promises.
set -eu
cd "$(dirname "$0")/.."

expected='hello
from a pipe
echo
local
exit status 2'

actual=$(
  python3 -B -m happy_llm_cli "hello"
  printf 'from a pipe\n' | python3 -B -m happy_llm_cli --stream
  python3 -B -m happy_llm_cli --list
  python3 -B -m happy_llm_cli --provider nobody "hello" 2>/dev/null || echo "exit status $?"
)

if [ "$actual" != "$expected" ]; then
  printf 'expected:\n%s\n\ngot:\n%s\n' "$expected" "$actual" >&2
  exit 1
fi
echo "the program prints what the contract promises"
