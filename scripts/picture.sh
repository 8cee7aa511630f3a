#!/bin/bash
# picture.sh PAGE PICTURE WIDTH HEIGHT light|dark
#	A picture (PNG) of a page (an HTML file), as a reader sees it in a window of that
#	size whose desktop is light or dark; by chromium, which ends with it.  Fails
#	where there is no browser: picture.sh --browser says which one there is.
set -euo pipefail

find_browser() {
	local name
	for name in chromium chromium-browser google-chrome; do
		command -v "$name" && return
	done
	return 1
}

if [ "${1-}" = --browser ]; then
	find_browser
	exit
fi
[ $# = 5 ] || { echo "usage: $0 PAGE PICTURE WIDTH HEIGHT light|dark" >&2; exit 2; }
page=$(realpath "$1") picture=$2 width=$3 height=$4 scheme=$5
browser=$(find_browser) || { echo "$0: no chromium" >&2; exit 1; }
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# A window is never as narrow as a frame may be.
cat >"$directory/frame.html" <<-END
	<!DOCTYPE html><body style="margin: 0"><iframe src="file://$page" style="width: ${width}px; height: ${height}px; border: 0; display: block"></iframe>
END
# Nothing of the caller's library paths, home or display is the browser's.
env -u LD_PRELOAD HOME="$directory" timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
	--user-data-dir="$directory/profile" --allow-file-access-from-files --virtual-time-budget=5000 --run-all-compositor-stages-before-draw --window-size="$width,$height" \
	--blink-settings=preferredColorScheme="$([ "$scheme" = dark ] && echo 0 || echo 1)" \
	--screenshot="$picture" "file://$directory/frame.html" >"$directory/log" 2>&1 || { cat "$directory/log" >&2; exit 1; }
[ -s "$picture" ] || { cat "$directory/log" >&2; exit 1; }
