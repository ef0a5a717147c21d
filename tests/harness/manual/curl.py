#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for curl on a machine that has none: the options that the pages of the manual use."""
import sys
import urllib.error
import urllib.request


def main(words):
    headers, data, method, url = {}, None, None, None
    into, written, shows_head = None, "", False
    words = iter(words)
    for word in words:
        if word in ("-sS", "-s"):
            continue
        elif word == "-i":
            shows_head = True
        elif word == "-o":
            into = next(words)
        elif word == "-w":
            written = next(words)
        elif word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(":")
            headers[name.strip()] = value.strip()
        elif word in ("-d", "--data-binary"):
            text = next(words)
            data = open(text[1:], "rb").read() if text.startswith("@") else text.encode()
        elif word.startswith("-"):
            sys.exit(f"curl.py does not know {word}; teach it, or install curl")
        else:
            url = word
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    if data is None and method == "POST":
        request.data = b""
    try:
        answer = urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:
        answer = refused
    except urllib.error.URLError as error:
        sys.exit(f"curl.py: {error.reason}")
    body = answer.read()
    out = open(into, "wb") if into else sys.stdout.buffer
    if shows_head:
        out.write(f"HTTP/1.1 {answer.status} {answer.reason}\r\n{answer.headers}".encode())
    out.write(body)
    out.flush()
    sys.stdout.write(written.replace("%{http_code}", str(answer.status)).replace("\\n", "\n"))


main(sys.argv[1:])
