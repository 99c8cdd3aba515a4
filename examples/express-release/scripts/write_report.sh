#!/bin/sh
# Compares what origin, the tag, History.md and package.json say of a release. If they agree, it writes a report.
#
#   cd workspace/express && sh ../../scripts/write_report.sh 5.3.0 5.2.1 ../../outputs/release_report.md
set -eu
version=$1
previous=$2
report=$3

commit=$(git rev-parse "v$version^{commit}")
at_origin() {
  git ls-remote origin "$1" | cut -f1
}
same() {
  if [ "$2" != "$3" ]; then
    echo "$1: $2, but should be $3" >&2
    exit 1
  fi
}

same "the tag at origin" "$(at_origin "refs/tags/v$version")" "$commit"
same "the version branch at origin" "$(at_origin "refs/heads/${version%%.*}.x")" "$commit"
same "the subject of the release commit" "$(git log -1 --format=%s "$commit")" "$version"
same "package.json" "$(git show "$commit:package.json" | node -p 'JSON.parse(require("fs").readFileSync(0)).version')" "$version"
heading=$(git show "$commit:History.md" | sed -n 1p)
same "History.md" "${heading%% *}" "$version"

{
  echo "# express $version"
  echo
  echo "- Released as \`v$version\`, commit $commit, dated ${heading##* }"
  echo "- Since \`v$previous\`: $(git rev-list --count "v$previous..$commit") commits,$(git diff --shortstat "v$previous" "$commit")"
  echo
  echo "## History.md"
  echo
  # The lines between this release's heading with its underline and the next heading.
  git show "$commit:History.md" | sed -n '4,$p' | sed '/^[0-9][0-9.]* \/ /,$d'
  echo "## Commits"
  echo
  git log --reverse --no-merges --format='* %h %s (%an)' "v$previous..$commit"
} > "$report"
cat "$report"
