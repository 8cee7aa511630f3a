#!/bin/bash
# dist.sh
#	Makes the archive that PGXN and packagers get of what is committed, with the
#	extensions' scripts, which META.json names: dist/github_sync-VERSION.zip.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(scripts/version.sh)
name=github_sync-$version
scripts/check_meta.sh
[ -z "$(git status --porcelain --untracked-files=no)" ] || { echo 'dist.sh: commit first: the archive is of HEAD' >&2; exit 1; }
mkdir -p dist
rm -f "dist/$name.zip"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

added=()
for extension in task_sync_transaction comment_sync_transaction; do
	scripts/build_sql.sh "$version" "$extension" >"$work/$extension--$version.sql"
	added+=(--add-file="$work/$extension--$version.sql")
done
git archive --format=zip --prefix="$name/" "${added[@]}" -o "dist/$name.zip" HEAD
echo "dist/$name.zip"
