#!/bin/sh
# Makes a small git repository that stands in for a checkout of Express, out of the patches in stand-in/:
#
#   workspace/express.git   plays the part of github.com/expressjs/express: it is what `origin` means
#   workspace/express       the release manager's clone of it, some commits behind
#
# As in the real project: `master` is the release branch of the current major version, `5.x` its version branch,
# `5.3` the proposal branch of the next minor version, and `v5.2.1` the last release.
set -eu
cd "$(dirname "$0")/.."

if [ -e workspace/express ]; then
  echo "workspace/express is there already. If it is a stand-in that you no longer need: rm -rf workspace" >&2
  exit 1
fi

configure() {
  git -C "$1" config user.name "Release Manager"
  git -C "$1" config user.email "release-manager@example.com"
  # Only here. In a real checkout you sign as you are used to.
  git -C "$1" config commit.gpgSign false
  git -C "$1" config tag.gpgSign false
  # Whatever your own configuration says, the stand-in is the same everywhere.
  git -C "$1" config core.hooksPath .git/hooks
  git -C "$1" config core.autocrlf false
}

# All is made aside and moved into place at the end, so that half a stand-in is never taken for a whole one.
making=workspace/.making
rm -rf "$making" workspace/express.git
mkdir -p "$making"
git init --quiet --bare --initial-branch=master "$making/express.git"
git init --quiet --initial-branch=master "$making/seed"
configure "$making/seed"

seed() {
  git -C "$making/seed" "$@"
}
apply() {
  seed am --quiet --committer-date-is-author-date "$PWD/stand-in/$1"/*.patch
}

# The last release, and the branches that begin there.
seed remote add origin ../express.git
apply 1-release
seed tag v5.2.1
seed branch 5.x
seed checkout --quiet -b 5.3
apply 2-proposal

# The clone is made while the proposal still lacks its last two commits, so that there is something to fetch.
seed push --quiet origin master 5.x v5.2.1 5.3~2:refs/heads/5.3
git clone --quiet --origin origin --config core.hooksPath=.git/hooks --config core.autocrlf=false \
  "$making/express.git" "$making/express"
git -C "$making/express" remote set-url origin ../express.git
configure "$making/express"
seed push --quiet origin 5.3

# Meanwhile something else landed on the release branch: the proposal will have to be rebased.
seed checkout --quiet master
apply 3-master
seed push --quiet origin master

mv "$making/express.git" workspace/express.git
mv "$making/express" workspace/express
rm -rf "$making"
git -C workspace/express log -1 --format='a stand-in for Express stands in workspace/express, at %D'
