#!/bin/sh
# Installs a packed package in an empty folder, and loads it from there.
#
#   sh try_package.sh express-5.3.0.tgz 5.3.0
set -eu
package=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
version=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' > package.json
npm install --silent --no-audit --no-fund --no-package-lock "$package"

installed=$(node -p 'require("express/package.json").version')
if [ "$installed" != "$version" ]; then
  echo "the package says $installed, not $version" >&2
  exit 1
fi
kind=$(node -p 'typeof require("express")')
if [ "$kind" != function ]; then
  echo "the package gives $kind, not a function" >&2
  exit 1
fi
echo "express $version can be installed and loaded"
