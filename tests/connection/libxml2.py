"""Parses URIs as libvirt does: by libxml2, and the parameters as its own page on URIs has it. JSON lines in and out."""

import ctypes
import json
import sys
import urllib.parse


class Uri(ctypes.Structure):
    _fields_ = [
        ("scheme", ctypes.c_char_p), ("opaque", ctypes.c_char_p), ("authority", ctypes.c_char_p),
        ("server", ctypes.c_char_p), ("user", ctypes.c_char_p), ("port", ctypes.c_int),
        ("path", ctypes.c_char_p), ("query", ctypes.c_char_p), ("fragment", ctypes.c_char_p),
        ("cleanup", ctypes.c_int), ("query_raw", ctypes.c_char_p),
    ]


def text(value):
    return None if value is None else value.decode("latin-1")


def parameters(query):
    """Parted at the next `&` where there is one, otherwise at `;`; names without case."""
    found = []
    while query:
        end = query.find("&")
        end = query.find(";") if end < 0 else end
        end = len(query) if end < 0 else end
        name, equals, value = query[:end].partition("=")
        if name:
            found.append([urllib.parse.unquote(name).lower(), urllib.parse.unquote(value)])
        query = query[end + 1:]
    return found


def main():
    try:
        library = ctypes.CDLL("libxml2.so.2")
    except OSError as error:
        sys.exit(f"no libxml2: {error}")
    library.xmlParseURI.restype = ctypes.POINTER(Uri)
    library.xmlParseURI.argtypes = [ctypes.c_char_p]
    library.xmlFreeURI.argtypes = [ctypes.POINTER(Uri)]
    for line in sys.stdin:
        parsed = library.xmlParseURI(json.loads(line).encode())
        if not parsed:
            print("null")
            continue
        uri = parsed.contents
        print(json.dumps({
            "scheme": text(uri.scheme), "server": text(uri.server), "user": text(uri.user),
            "port": uri.port if uri.server else 0, "path": text(uri.path), "fragment": text(uri.fragment),
            "parameters": parameters(text(uri.query_raw) or ""),
        }))
        library.xmlFreeURI(parsed)


main()
