#!/bin/sh
# Installs Her2Desk for the user who runs this, without administrator rights and without a network.
#
#   sh install.sh [--prefix DIR]              install, or upgrade what is there
#   sh install.sh --roll-back [--prefix DIR]  go back to the version before
#
# The program goes to DIR/lib/her2desk, the command to DIR/bin and the menu entry to DIR/share; DIR is
# ~/.local where not given. Everything is checked before anything is changed. The new version is
# complete in its own folder before one renaming makes it the current one; the one before stays.
set -eu

refuse() {
    printf '%s\nNothing was changed.\n' "$*" >&2
    exit 1
}

say() { printf '%s\n' "$*"; }

fact() { sed -n "s/^$1=//p" "$here/facts"; }

# where a path's file system is, as long as the path itself is not there yet
existing() {
    path=$1
    while [ ! -e "$path" ]; do path=$(dirname -- "$path"); done
    say "$path"
}

# whether a program runs that was started from this folder
in_use() {
    for link in /proc/[0-9]*/exe; do
        case $(readlink -- "$link" 2> /dev/null || :) in "$1"/*) return 0 ;; esac
    done
    return 1
}

discard() {
    chmod -R u+w -- "$1" 2> /dev/null || :
    rm -rf -- "$1"
}

# let a link point elsewhere in one step: there is no moment without it
point() {
    ln -s -- "$2" "$1.new.$$"
    mv -T -- "$1.new.$$" "$1"
}

roll_back() {
    [ -L "$root/previous" ] && [ -d "$root/previous" ] \
        || refuse "There is no version to go back to in $root."
    now=$(readlink -- "$root/current")
    before=$(readlink -- "$root/previous")
    "$root/previous/her2desk" --version > /dev/null 2>&1 \
        || refuse "The version before does not run any more, so the present one stays."
    point "$root/current" "$before"
    point "$root/previous" "$now"
    say "Back to $("$root/current/her2desk" --version). Run this again to undo it."
    exit 0
}

check_computer() {
    [ "$(uname -s)" = Linux ] || refuse "This bundle is for Linux, and this computer runs $(uname -s)."
    machine=$(fact machine)
    [ "$(uname -m)" = "$machine" ] \
        || refuse "This bundle is for $machine processors, and this computer has $(uname -m)."
    needed=$(fact glibc)
    found=$(getconf GNU_LIBC_VERSION 2> /dev/null | sed 's/.* //') || found=
    [ -n "$found" ] \
        || refuse "This bundle needs the GNU C library $needed or newer, which this system lacks."
    oldest=$(printf '%s\n%s\n' "$needed" "$found" | sort -V | head -n 1)
    [ "$oldest" = "$needed" ] \
        || refuse "This bundle needs the GNU C library $needed or newer, and this system has $found."
}

check_bundle() {
    say "Checking the bundle; this takes a few seconds."
    bad=$(cd "$here" && sha256sum --check --strict --quiet SHA256SUMS 2> /dev/null \
        | sed 's/: FAILED.*//' | head -n 3 | tr '\n' ' ') || :
    [ -z "$bad" ] || refuse "The bundle is damaged or was copied only in part: $bad
Copy the whole archive again and compare its checksum."
}

check_place() {
    place=$(existing "$root")
    [ -d "$place" ] && [ -w "$place" ] || refuse "$place cannot be written by you."
    needed_kb=$(($(fact size_kb) * 105 / 100))
    free_kb=$(df -k --output=avail -- "$place" | tail -n 1 | tr -d ' ')
    [ "$free_kb" -ge "$needed_kb" ] || refuse "There is too little space on the disk of $place: \
$((needed_kb / 1024)) MB are needed, and $((free_kb / 1024)) MB are free."
    if [ -e "$command" ] || [ -L "$command" ]; then
        [ "$(readlink -- "$command" || :)" = "$root/current/launch" ] \
            || refuse "$command is there already and is not this program's. Remove it, or use --prefix."
    fi
}

# what an interrupted or refused installation leaves is taken away again
undo() {
    status=$?
    trap - EXIT
    [ "$status" -ne 0 ] || exit 0
    [ -z "${new:-}" ] || discard "$new"
    rm -f -- "$root"/*.new.$$ "$command.new.$$"
    if [ ! -L "$root/current" ]; then
        rm -f -- "$command" "$entry" "$icon"
        for folder in "$root" "$prefix/lib" "$prefix/bin" "$(dirname -- "$entry")" "$(dirname -- "$icon")"; do
            rmdir -p -- "$folder" 2> /dev/null || :
        done
    fi
    say "The installation did not finish. What was there before is there as it was." >&2
    exit "$status"
}

copy_program() {
    mkdir -p -- "$root" "$prefix/bin" "$(dirname -- "$entry")" "$(dirname -- "$icon")"
    new=$(mktemp -d -- "$root/$(fact version).XXXXXX")
    cp -RP -- "$here/program/." "$new/"
    cp -- "$here/uninstall.sh" "$here/install.sh" "$here/facts" "$new/"
    sed -n 's,^\([0-9a-f]*  \)program/,\1,p' "$here/SHA256SUMS" > "$new/SHA256SUMS"
    (cd "$new" && sha256sum --check --strict --quiet SHA256SUMS > /dev/null 2>&1) \
        || { say "The copy in $root is not what was copied: its disk may be full or failing." >&2; exit 1; }
    "$new/her2desk" --version > /dev/null \
        || { say "The program does not run from $root; a disk mounted noexec is one reason." >&2; exit 1; }
    chmod -R a-w,a+rX -- "$new"
}

# a path inside double quotes as desktop entries write them
quoted() { printf '%s' "$1" | sed 's/[\\"`$]/\\\\&/g; s/%/%%/g'; }

add_to_menu() {
    sed -e "s|@LAUNCH@|$(quoted "$root/current/launch" | sed 's/[&|\\]/\\&/g')|" \
        "$here/program/her2desk.desktop" > "$entry.new.$$"
    mv -- "$entry.new.$$" "$entry"
    cp -- "$here/program/her2desk.svg" "$icon"
    [ -L "$command" ] || point "$command" "$root/current/launch"
}

make_current() {
    before=$(readlink -- "$root/current" || :)
    if [ -n "$before" ] && [ -d "$root/$before" ]; then point "$root/previous" "$before"; fi
    point "$root/current" "$(basename -- "$new")"
    trap - EXIT
    for folder in "$root"/*/; do
        folder=${folder%/}
        case $(basename -- "$folder") in
            current | previous | "$before" | "$(basename -- "$new")") ;;
            *) [ -L "$folder" ] || in_use "$folder" || discard "$folder" ;;
        esac
    done
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
prefix=${HOME:?}/.local
goes_back=
while [ $# -gt 0 ]; do
    case $1 in
        --prefix) [ $# -ge 2 ] || refuse "--prefix needs a folder."; prefix=$2; shift ;;
        --roll-back) goes_back=1 ;;
        --help | -h) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) refuse "$1 is not an option of this script; see sh install.sh --help." ;;
    esac
    shift
done
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
root=$prefix/lib/her2desk
command=$prefix/bin/her2desk
entry=$prefix/share/applications/her2desk.desktop
icon=$prefix/share/icons/hicolor/scalable/apps/her2desk.svg

[ -z "$goes_back" ] || roll_back
[ -f "$here/facts" ] && [ -f "$here/SHA256SUMS" ] && [ -d "$here/program" ] \
    || refuse "The bundle is damaged or was copied only in part: files of it are absent beside install.sh."
check_computer
check_bundle
check_place
trap undo EXIT
trap 'exit 130' INT TERM HUP
copy_program
add_to_menu
make_current
say "Her2Desk $(fact version) is installed in $root."
[ -z "$before" ] || say "The version before stays; to go back to it: sh '$root/current/install.sh' --roll-back"
case :$PATH: in
    *:"$prefix/bin":*) say "Start it from the menu, or with: her2desk" ;;
    *) say "Start it from the menu, or with: '$command'" ;;
esac
say "To remove it: sh '$root/current/uninstall.sh'"
