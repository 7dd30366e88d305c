#!/bin/sh
# What `make run` shows: the main job, on a nova.conf with the trap that an upgrade from Rocky to Stein sets.
#
# Findings are the point of the tour, so exit code 1 is as good as 0 here; 2 is a failure.
set -u
novamend=${NOVAMEND:-novamend}
conf=fixtures/conf/rocky-trap.conf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

show() { # ARGUMENTS...: prints the command as it would be typed, and runs it
    printf '\n$ novamend'
    printf ' %s' "$@"
    printf '\n'
    "$novamend" "$@"
    [ $? -lt 2 ] || exit 1
}

show check "$conf" --from rocky --to stein
show fix "$conf" --from rocky --to stein --unsafe-fixes --diff

printf '\n# what this host can do, and what the fixed file does on it:\n'
show probe --to stein
cp "$conf" "$work/nova.conf"
"$novamend" fix "$work/nova.conf" --from rocky --to stein --unsafe-fixes --when upgrade --write --no-backup >/dev/null
[ $? -lt 2 ] || exit 1
show verify "$work/nova.conf" --to stein --action all --report report.html
printf '\nthe report, with the curve of the memory that remained: report.html\n'
