#!/bin/sh
# Removes Her2Desk of the user who runs this: the program, its menu entry, settings and cache. The
# library with the patients' cases stays, and its place is said.
#
#   sh uninstall.sh [--prefix DIR]
set -eu

refuse() {
    printf '%s\nNothing was changed.\n' "$*" >&2
    exit 1
}

prefix=${HOME:?}/.local
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -ge 2 ] || refuse "--prefix needs a folder."; prefix=$2; shift ;;
        --help | -h) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) refuse "$1 is not an option of this script; see sh uninstall.sh --help." ;;
    esac
    shift
done
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
root=$prefix/lib/her2desk
command=$prefix/bin/her2desk
entry=$prefix/share/applications/her2desk.desktop
icon=$prefix/share/icons/hicolor/scalable/apps/her2desk.svg

[ -d "$root" ] || refuse "Her2Desk is not installed in $prefix."
for link in /proc/[0-9]*/exe; do
    case $(readlink -- "$link" 2> /dev/null || :) in
        "$root"/*) refuse "Her2Desk is running. Close it first." ;;
    esac
done
library=$("$root/current/her2desk" library where 2> /dev/null) \
    || library=${HER2DESK_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/Her2Desk}

[ "$(readlink -- "$command" || :)" != "$root/current/launch" ] || rm -f -- "$command"
rm -f -- "$entry" "$icon"
chmod -R u+w -- "$root"
rm -rf -- "$root"
if [ -n "${HER2DESK_HOME:-}" ]; then
    rm -rf -- "${HER2DESK_HOME:?}/cache"
else
    rm -rf -- "${XDG_CACHE_HOME:-$HOME/.cache}/Her2Desk" "${XDG_CONFIG_HOME:-$HOME/.config}/Her2Desk"
fi
for folder in "$prefix/lib" "$prefix/bin" "$(dirname -- "$entry")" "$(dirname -- "$icon")"; do
    rmdir -p -- "$folder" 2> /dev/null || :
done
printf 'Her2Desk is removed.\n'
if [ -d "$library" ]; then
    printf 'The library with its cases and images stays in %s.\n' "$library"
fi
