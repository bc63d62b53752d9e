#!/usr/bin/env python3
"""Checks Watchfire feeds from docs/spec/feed.md alone, sharing no code with Watchfire.

    verify.py vectors docs/spec/feed-vectors.json   every vector is judged as the file says
    verify.py feed FILE                             a file written by `watchfire export`

Needs Python 3.11 and the package `cryptography`. Exits with 1 at the first difference.
"""
import hashlib
import json
import re
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

P = 2**255 - 19
# The y coordinates of the eight points of small order (section 5 of the specification).
Y8 = int("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16)
SMALL_ORDER = {0, 1, P - 1, Y8, P - Y8}
ZERO = bytes(32)
FIXED = struct.Struct(">4sBBH32sQ32sQ16sQII32s")


class Refused(Exception):
    """Carries the code of the first broken rule."""


def need(holds, code):
    if not holds:
        raise Refused(code)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unhex(text, size):
    need(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), "bad_opening")
    return bytes.fromhex(text)


def feed_id(node, scope, epoch, key):
    if scope == "local":
        scope_bytes = b"\0"
    else:
        need(isinstance(scope, str) and scope.startswith("operation:"), "bad_opening")
        scope_bytes = b"\1" + unhex(scope[10:], 16)
    return sha(b"watchfire feed v1\0", node, scope_bytes, struct.pack(">I", epoch), key)


def decode_header(raw):
    need(len(raw) >= 4, "header_length")
    need(raw[:4] == b"WFE1", "bad_magic")
    need(len(raw) >= 6, "header_length")
    need(raw[4] == 1, "unknown_suite")
    need(raw[5] & 0xFE == 0, "reserved_flag")
    need(len(raw) > FIXED.size, "header_length")
    names = "magic suite flags kind_version feed seq previous time record record_version plain_size sealed_size body"
    header = dict(zip(names.split(), FIXED.unpack_from(raw)))
    at = FIXED.size + 1 + raw[FIXED.size]
    need(raw[FIXED.size] <= 48, "too_large")
    kind = raw[FIXED.size + 1 : at]
    need(len(raw) >= at, "header_length")
    try:
        kind.decode()
    except UnicodeDecodeError:
        raise Refused("bad_kind") from None
    need(len(raw) > at, "header_length")
    need(raw[at] <= 32, "too_large")
    need(len(raw) == at + 1 + 72 * raw[at], "header_length")
    deps = list(struct.iter_unpack(">32sQ32s", raw[at + 1 :]))
    need(header["seq"] > 0, "seq_zero")
    need(header["seq"] > 1 or header["previous"] == ZERO, "broken_link")
    need(header["plain_size"] + header["sealed_size"] <= 65536, "too_large")
    need(re.fullmatch(rb"[a-z0-9_.]+", kind), "bad_kind")
    need(all(seq > 0 and feed != header["feed"] for feed, seq, _ in deps), "bad_dep")
    need(all(left[0] < right[0] for left, right in zip(deps, deps[1:])), "dep_order")
    return header | {"kind": kind.decode(), "deps": deps, "critical": raw[5] == 1}


def decode_frame(data, at):
    """Reads the frame at `at`; returns the entry and the offset behind it."""

    def take(size):
        nonlocal at
        need(len(data) >= at + size, "truncated")
        at += size
        return data[at - size : at]

    (size,) = struct.unpack(">I", take(4))
    need(size <= 4096, "too_large")
    raw = take(size)
    entry = decode_header(raw)
    entry |= {"raw": raw, "hash": sha(raw), "signature": take(64)}
    form = take(1)[0]
    need(form <= 2 and (form == 0) == (entry["sealed_size"] == 0), "sealed_form")
    entry["plain"] = take(entry["plain_size"])
    entry["sealed_hash"] = take(32) if form == 2 else sha(take(entry["sealed_size"]))
    return entry, at


def is_small_order(point):
    return (int.from_bytes(point, "little") & (2**255 - 1)) % P in SMALL_ORDER


def verify(entry, key):
    need(not is_small_order(key) and is_point(key), "bad_key")
    need(not is_small_order(entry["signature"][:32]), "bad_signature")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(entry["signature"], entry["raw"])
    except InvalidSignature:
        raise Refused("bad_signature") from None
    body = sha(b"watchfire body v1\0", sha(entry["plain"]), entry["sealed_hash"])
    need(body == entry["body"], "body_mismatch")


def is_point(key):
    """x^2 = (y^2 - 1) / (d y^2 + 1) must have a root (RFC 8032, 5.1.3)."""
    y = (int.from_bytes(key, "little") & (2**255 - 1)) % P
    d = -121665 * pow(121666, -1, P) % P
    square = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    return square == 0 or pow(square, (P - 1) // 2, P) == 1


def check_place(entry):
    need(entry["seq"] != 1 or entry["kind"] == "feed.opened", "bad_opening")
    need(entry["seq"] == 1 or entry["kind"] != "feed.opened", "late_opening")


def decode_opening(entry):
    """Reads the first entry of a feed; its signature is verified by the caller's chain."""
    check_place(entry)
    need(entry["seq"] == 1 and entry["critical"] and entry["kind_version"] == 1, "bad_opening")
    need(entry["sealed_size"] == 0, "bad_opening")
    try:
        body = json.loads(entry["plain"])
        exact = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise Refused("bad_opening") from None
    names = ["node", "scope", "epoch", "suite", "public_key", "follows", "reason"]
    need(isinstance(body, dict) and list(body) == names, "bad_opening")
    need(exact == entry["plain"], "bad_opening")
    need(type(body["epoch"]) is int and 1 <= body["epoch"] < 2**32, "bad_opening")
    need(type(body["suite"]) is int and body["suite"] == 1, "bad_opening")
    need(isinstance(body["reason"], str), "bad_opening")
    follows = body["follows"]
    if follows is not None:
        need(isinstance(follows, dict) and list(follows) == ["feed", "seq", "hash"], "bad_opening")
        need(type(follows["seq"]) is int and 0 <= follows["seq"] < 2**64, "bad_opening")
        follows = (unhex(follows["feed"], 32), follows["seq"], unhex(follows["hash"], 32))
    need(body["epoch"] > 1 or follows is None, "bad_opening")
    node, key = unhex(body["node"], 32), unhex(body["public_key"], 32)
    need(feed_id(node, body["scope"], body["epoch"], key) == entry["feed"], "bad_opening")
    return {"node": node, "key": key, "follows": follows}


def accept(entry, feed, key, seq, previous):
    """Checks that the entry is the next one of `feed`, held up to entry `seq` with hash `previous`."""
    need(entry["feed"] == feed, "wrong_feed")
    verify(entry, key)
    need(entry["seq"] != seq or entry["hash"] == previous, "fork")
    need(entry["seq"] > seq, "repeated")
    need(entry["seq"] == seq + 1, "gap")
    need(entry["previous"] == previous, "broken_link")
    check_place(entry)
    if entry["seq"] == 1:
        decode_opening(entry)


def check_feed_file(path):
    data = open(path, "rb").read()
    at = count = 0
    feeds, hashes, node, last = {}, {}, None, None
    while at < len(data):
        try:
            entry, end = decode_frame(data, at)
            last = entry["feed"]
            if last not in feeds:
                need(entry["seq"] == 1, "gap")
                opening = decode_opening(entry)
                need(node in (None, opening["node"]), "another_node")
                node, follows = opening["node"], opening["follows"]
                if follows and follows[0] in feeds:
                    need(hashes.get(follows[:2]) == follows[2], "broken_epoch")
                feeds[last] = (opening["key"], 0, ZERO)
            accept(entry, last, *feeds[last])
        except Refused as refused:
            sys.exit(f"{path}: entry {count + 1}, at byte {at}: {refused}")
        feeds[last] = (feeds[last][0], entry["seq"], entry["hash"])
        hashes[last, entry["seq"]] = entry["hash"]
        at, count = end, count + 1
    if not feeds:
        sys.exit(f"{path}: no entries")
    _, seq, head = feeds[last]
    print(f"{count} entries, {len(feeds)} feeds verified, head {seq} {head.hex()}")


def judge(vector, feeds):
    """Returns the code of the broken rule, or `ok`, and the entry as far as it was read."""
    feed, key = feeds[vector["feed"]]
    data, after = bytes.fromhex(vector["frame"]), vector["after"]
    entry = None
    try:
        entry, end = decode_frame(data, 0)
        need(end == len(data), "bytes after the frame")
        accept(entry, feed, key, after["seq"], bytes.fromhex(after["hash"]))
    except Refused as refused:
        return str(refused), entry
    return "ok", entry


def shown(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [{"feed": feed.hex(), "seq": seq, "hash": head.hex()} for feed, seq, head in value]
    return value


def check_vectors(path):
    vectors, feeds = json.load(open(path, encoding="utf-8")), {}
    for it in vectors["feeds"]:
        key = bytes.fromhex(it["public_key"])
        feed = feed_id(bytes.fromhex(it["node"]), it["scope"], it["epoch"], key)
        if feed.hex() != it["feed"]:
            sys.exit(f"feed {it['name']!r}: id is {feed.hex()}, expected {it['feed']}")
        if it["epoch"] == 1 and sha(b"watchfire node v1\0", key).hex() != it["node"]:
            sys.exit(f"feed {it['name']!r}: the node is not named by its key")
        feeds[it["name"]] = (feed, key)
    for it in vectors["seals"]:
        key_id, key, nonce, context, plain = (
            bytes.fromhex(it[name]) for name in ("key_id", "key", "nonce", "context", "plain")
        )
        sealed = key_id + nonce + AESGCM(key).encrypt(nonce, plain, b"watchfire seal v1\0" + context)
        if sealed.hex() != it["sealed"]:
            sys.exit(f"seal {it['name']!r}: {sealed.hex()}, expected {it['sealed']}")
    for it in vectors["valid"]:
        found, entry = judge(it, feeds)
        if found != "ok" or entry["hash"].hex() != it["hash"]:
            sys.exit(f"valid {it['name']!r}: {found}")
        for name, expected in it["header"].items():
            if shown(entry[name]) != expected:
                sys.exit(f"valid {it['name']!r}: {name} is {entry[name]!r}, expected {expected!r}")
    for it in vectors["invalid"]:
        found, _ = judge(it, feeds)
        if found != it["reason"]:
            sys.exit(f"invalid {it['name']!r}: {found}, expected {it['reason']}")
    print(", ".join(f"{len(vectors[name])} {name}" for name in vectors if name != "format") + ": all as expected")


if __name__ == "__main__":
    modes = {"vectors": check_vectors, "feed": check_feed_file}
    if len(sys.argv) != 3 or sys.argv[1] not in modes:
        sys.exit(__doc__)
    modes[sys.argv[1]](sys.argv[2])
