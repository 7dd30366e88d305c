#!/usr/bin/env python3
"""Makes the file by which programs that are out already learn the options of a new release (docs/catalog.md).

release_file.py NUMBER NOVA DAY OSLO_CONFIG LIBVIRT,LATER QEMU,LATER > nova-NUMBER.catalog

The series and its date come from src/catalog/series.rs, the rows from src/catalog/data/options.txt: those that the release brings
or changes, and those that ended right before it. Sign it: minisign -Sm nova-NUMBER.catalog
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent / "src/catalog"


def series(number):
    first = int(re.search(r"FIRST: u8 = (\d+)", (HERE / "series.rs").read_text()).group(1))
    rows = re.findall(r'\("(\w+)", (?:None|Some\("([\d.]+)"\))\)', (HERE / "series.rs").read_text())
    return rows[number - first]


def rows(number):
    group = ""
    for line in (HERE / "data/options.txt").read_text().splitlines():
        if line.startswith("["):
            group = line
        elif line and not line.startswith("#"):
            since, until = line.split("\t")[1].split("-")
            if since == str(number) or until == str(number - 1):
                if group:
                    yield group
                    group = ""
                yield line


def main():
    number, nova, day, oslo, libvirt, qemu = sys.argv[1:]
    name, date = series(int(number))
    print("novamend-catalog 1")
    for key, value in [("release", number), ("series", name), ("date", date), ("nova", f"{nova} {day}"), ("oslo.config", oslo),
                       ("libvirt", libvirt.replace(",", ", later ")), ("qemu", qemu.replace(",", ", later "))]:
        print(f"{key}: {value}")
    print()
    print("\n".join(rows(int(number))))


if __name__ == "__main__":
    main()
