#!/bin/bash
# Builds the macOS bundle: the app by installer/build.py, signed for the hardened runtime, in a .dmg.
#   installer/macos/make_dmg.sh [cpu]
# IDENTITY names a "Developer ID Application" certificate and PROFILE a notarytool profile; without
# them the app is signed ad hoc, and macOS asks each user to confirm the first start.
# Not run on macOS yet; .github/workflows/bundles.yml is where it is meant to run.
set -euo pipefail
cd "$(dirname "$0")/../.."
variant="${1:-cpu}"
out="$PWD/build/bundle"
python3.11 -m installer.build --variant "$variant"
facts=$(ls -t "$out"/*-macos-*-"$variant".build.json | head -n 1)
name=$(basename "$facts" .build.json)
app="$out/work/frozen/$variant/Her2Desk.app"

# Apple's time server is asked only for a signature that it can vouch for
timestamp=--timestamp=none
[ -z "${IDENTITY:-}" ] || timestamp=--timestamp
# inside out: a signature covers what is signed already
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' -o -perm -u+x \) -print0 \
    | xargs -0 codesign --force "$timestamp" --options runtime --sign "${IDENTITY:--}"
codesign --force "$timestamp" --options runtime --entitlements installer/macos/entitlements.plist \
    --sign "${IDENTITY:--}" "$app"
codesign --verify --deep --strict "$app"

folder=$(mktemp -d)
cp -R "$app" "$folder/"
ln -s /Applications "$folder/Applications"
hdiutil create -volname Her2Desk -srcfolder "$folder" -fs HFS+ -format ULMO -ov "$out/$name.dmg"
rm -rf "$folder"
if [ -n "${PROFILE:-}" ]; then
    xcrun notarytool submit "$out/$name.dmg" --keychain-profile "$PROFILE" --wait
    xcrun stapler staple "$out/$name.dmg"
fi
(cd "$out" && shasum -a 256 "$name.dmg" > "$name.SHA256SUMS")
if [ -n "${KEY:-}" ]; then
    ssh-keygen -Y sign -n her2desk -f "$KEY" "$out/$name.SHA256SUMS"
else
    echo "NOT SIGNED: no key was given (KEY=…), so nobody can tell who built this." >&2
fi
