#!/bin/sh
# What `make run` shows: the main job, on a nova.conf with the trap that an upgrade from Rocky to Stein sets.
set -u
novamend=${NOVAMEND:-novamend}
conf=fixtures/conf/rocky-trap.conf

show() { # COMMAND...: prints it as it would be typed, and runs it
    printf '\n$ novamend'
    printf ' %s' "$@"
    printf '\n'
    "$novamend" "$@"
}

show check "$conf" --from rocky --to stein
[ $? -eq 1 ] || exit 1
show fix "$conf" --from rocky --to stein --diff
[ $? -eq 1 ] || exit 1
