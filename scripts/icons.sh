#!/usr/bin/env bash
# Draws the icons of all sizes from icons/*.svg. The results are committed, so that no build needs this; run it after
# changing a drawing. Needs rsvg-convert (Debian: librsvg2-bin).
set -euo pipefail
cd "$(dirname "$0")/../icons"

draw() { rsvg-convert --width "$2" --height "$2" --output "$3" "$1"; }

# Tauri's bundler knows these names.
draw app.svg 32 32x32.png
draw app.svg 128 128x128.png
draw app.svg 256 128x128@2x.png
draw app.svg 512 icon.png

# Panels are 22 pixels high, or 44 where a pixel is small; they scale to what they need.
for state in idle running degraded failed; do
    draw "tray/$state.svg" 22 "tray/$state-22.png"
    draw "tray/$state.svg" 44 "tray/$state-44.png"
done
