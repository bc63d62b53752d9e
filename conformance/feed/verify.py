#!/usr/bin/env python3
"""Checks Watchfire feeds from docs/spec/feed.md alone, sharing no code with Watchfire.

    verify.py vectors docs/spec/feed-vectors.json   every vector is judged as the file says
    verify.py feed FILE                             a file of one node, as `watchfire export` writes it
    verify.py feed --operation ID FILE              a file of several nodes' feeds of one operation

ID is the operation's record id, 32 hex digits. Needs Python 3.11 and the package `cryptography`. Exits with 1 at the first difference.
"""
import hashlib
import json
import re
import struct
import sys
import unicodedata
from collections import Counter
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

P = 2**255 - 19
# The y coordinates of the eight points of small order (section 8 of the specification).
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


def unhex(text, size, code="bad_opening"):
    need(isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text), code)
    return bytes.fromhex(text)


def whole(number, bits):
    """Says whether this is a whole number of so many bits, without a sign (and not `true`)."""
    return type(number) is int and 0 <= number < 2**bits


def exact_json(plain, names, code):
    """Reads an object with exactly these names in this order, spelled in the one form (section 7)."""
    try:
        body = json.loads(plain)
        exact = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        raise Refused(code) from None
    need(isinstance(body, dict) and list(body) == names and exact == plain, code)
    return body


def node_of(key):
    return sha(b"watchfire node v1\0", key)


def feed_id(node, scope, epoch, key):
    if scope == "local":
        scope_bytes = b"\0"
    elif scope == "identity":
        scope_bytes = b"\2"
    else:
        kind, _, operation = scope.partition(":") if isinstance(scope, str) else ("", "", "")
        need(kind in ("operation", "command"), "bad_opening")
        scope_bytes = (b"\1" if kind == "operation" else b"\3") + unhex(operation, 16)
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


@lru_cache
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
    names = ["node", "scope", "epoch", "suite", "public_key", "follows", "reason"]
    body = exact_json(entry["plain"], names, "bad_opening")
    need(whole(body["epoch"], 32) and body["epoch"] > 0, "bad_opening")
    need(whole(body["suite"], 8) and body["suite"] == 1, "bad_opening")
    need(isinstance(body["reason"], str), "bad_opening")
    follows = body["follows"]
    if follows is not None:
        need(isinstance(follows, dict) and list(follows) == ["feed", "seq", "hash"], "bad_opening")
        need(whole(follows["seq"], 64), "bad_opening")
        follows = (unhex(follows["feed"], 32), follows["seq"], unhex(follows["hash"], 32))
    need(body["epoch"] > 1 or follows is None, "bad_opening")
    node, key = unhex(body["node"], 32), unhex(body["public_key"], 32)
    need(feed_id(node, body["scope"], body["epoch"], key) == entry["feed"], "bad_opening")
    if body["scope"] == "identity":
        need(body["epoch"] == 1 and node == node_of(key), "bad_opening")
    return {"node": node, "scope": body["scope"], "epoch": body["epoch"], "key": key, "follows": follows}


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


def good_text(text, most):
    need(isinstance(text, str) and text, "bad_identity")
    need(all(unicodedata.category(char) != "Cc" for char in text), "bad_identity")
    need(len(text) <= most, "too_large")


def good_heads(heads):
    """Returns the heads as tuples; the form of each is judged before the list is."""
    need(isinstance(heads, list), "bad_identity")
    read = []
    for head in heads:
        need(isinstance(head, dict) and list(head) == ["feed", "seq", "hash"], "bad_identity")
        need(whole(head["seq"], 64), "bad_identity")
        feed, entry = (unhex(head[name], 32, "bad_identity") for name in ("feed", "hash"))
        read.append((feed, head["seq"], entry))
    need(len(read) <= 256, "too_large")
    need(all(seq > 0 for _, seq, _ in read), "bad_identity")
    need(all(left[0] < right[0] for left, right in zip(read, read[1:])), "bad_identity")
    return read


def good_addresses(addresses):
    need(isinstance(addresses, list) and all(isinstance(it, str) for it in addresses), "bad_identity")
    need(len(addresses) <= 8, "too_large")
    for address in addresses:
        need(len(address) <= 255, "too_large")
        form = re.fullmatch(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([1-9][0-9]{0,4})", address)
        need(form and int(form[1]) < 65536, "bad_identity")
    need(len(set(addresses)) == len(addresses), "bad_identity")


IDENTITY_KINDS = {
    "identity.named": ["name"],
    "identity.key_certified": ["epoch", "public_key"],
    "identity.epoch_closed": ["epoch", "cause", "heads"],
    "identity.anchor_certified": ["certificate", "not_after_ms"],
    "identity.anchor_withdrawn": ["sha256"],
    "identity.addresses_set": ["addresses"],
    "identity.revoked": ["reason"],
}
CAUSES = ["rotation", "compromise", "fork", "restore"]


def identity_event(entry):
    """Reads what an entry of an identity feed says (section 11); None if its kind is not known."""
    kind = entry["kind"]
    if kind not in IDENTITY_KINDS or entry["kind_version"] != 1:
        return None
    need(entry["critical"] and entry["record"] == bytes(16) and entry["sealed_size"] == 0, "bad_identity")
    body = exact_json(entry["plain"], IDENTITY_KINDS[kind], "bad_identity")
    if kind in ("identity.key_certified", "identity.epoch_closed"):
        need(whole(body["epoch"], 32) and body["epoch"] > 0, "bad_identity")
    if kind == "identity.named":
        good_text(body["name"], 200)
    elif kind == "identity.key_certified":
        body["public_key"] = unhex(body["public_key"], 32, "bad_identity")
        need(is_point(body["public_key"]) and not is_small_order(body["public_key"]), "bad_key")
    elif kind == "identity.epoch_closed":
        need(body["cause"] in CAUSES, "bad_identity")
        body["heads"] = good_heads(body["heads"])
    elif kind == "identity.anchor_certified":
        text = body["certificate"]
        need(isinstance(text, str) and re.fullmatch("([0-9a-f]{2})+", text), "bad_identity")
        need(whole(body["not_after_ms"], 64), "bad_identity")
        need(len(text) <= 2 * 8192 and body["not_after_ms"] < 2**48, "too_large")
    elif kind == "identity.anchor_withdrawn":
        unhex(body["sha256"], 32, "bad_identity")
    elif kind == "identity.addresses_set":
        good_addresses(body["addresses"])
    elif kind == "identity.revoked":
        good_text(body["reason"], 500)
    return body


class Identity:
    """What a node's identity feed says, taken entry by entry. A refused entry changes nothing."""

    def __init__(self, opening):
        body = decode_opening(opening)
        verify(opening, body["key"])
        need(body["scope"] == "identity", "not_identity")
        self.node, self.root, self.feed = body["node"], body["key"], opening["feed"]
        self.seq, self.hash = 1, opening["hash"]
        self.name = self.revoked = None
        # Per epoch its key, the cause of its last closing, and per feed all heads named, by seq.
        self.keys, self.anchors, self.addresses = {}, {}, []
        self.used, self.named, self.unknown = set(), 0, 0

    def take(self, entry):
        accept(entry, self.feed, self.root, self.seq, self.hash)
        need(self.revoked is None, "revoked")
        event = identity_event(entry)
        if event is None:
            self.unknown += 1
        else:
            getattr(self, entry["kind"].replace("identity.", "on_"))(event)
        self.seq, self.hash = entry["seq"], entry["hash"]

    def on_named(self, event):
        self.name = event["name"]

    def on_key_certified(self, event):
        epoch, key, last = event["epoch"], event["public_key"], len(self.keys)
        need(last == 0 or self.keys[last]["cause"], "epoch_open")
        need(last < 4096, "epochs_full")
        need(epoch == last + 1, "epoch_order")
        need(key not in self.used and (epoch == 1 or key != self.root), "key_used_before")
        self.used.add(key)
        self.keys[epoch] = {"key": key, "cause": None, "named": {}}

    def on_epoch_closed(self, event):
        need(event["epoch"] in self.keys, "epoch_unknown")
        epoch = self.keys[event["epoch"]]
        for feed, seq, _ in event["heads"]:
            need(seq > max(epoch["named"].get(feed, [0])), "head_not_higher")
        need(self.named + len(event["heads"]) <= 65536, "heads_full")
        self.named += len(event["heads"])
        epoch["cause"] = event["cause"]
        for feed, seq, head in event["heads"]:
            epoch["named"].setdefault(feed, {})[seq] = head

    def on_anchor_certified(self, event):
        name = sha(bytes.fromhex(event["certificate"])).hex()
        need(name not in self.anchors, "anchor_repeated")
        need(len(self.anchors) < 2, "anchors_full")
        self.anchors[name] = event["not_after_ms"]

    def on_anchor_withdrawn(self, event):
        need(event["sha256"] in self.anchors, "anchor_unknown")
        del self.anchors[event["sha256"]]

    def on_addresses_set(self, event):
        self.addresses = event["addresses"]

    def on_revoked(self, event):
        self.revoked = event["reason"]

    def may_take(self, node, scope, epoch, key, head):
        """Says whether the node speaks in this entry of this feed; raises the reason if not."""
        (feed, seq, named_hash), over = head, self.revoked is not None
        need(node == self.node, "another_node")
        need(feed == feed_id(node, scope, epoch, key), "another_feed")
        if scope == "identity":
            need(feed == self.feed, "other_key")
            need(not over or seq <= self.seq, "revoked")
            return
        need(epoch in self.keys, "revoked" if over else "not_certified")
        need(key == self.keys[epoch]["key"], "other_key")
        if not self.keys[epoch]["cause"]:
            need(not over, "revoked")
            return
        named = self.keys[epoch]["named"].get(feed, {})
        need(seq <= max(named, default=0), "revoked" if over else "beyond_closing")
        need(named.get(seq, named_hash) == named_hash, "other_branch")


def decode_vector(data):
    need(len(data) >= 4, "truncated")
    need(data[:4] == b"WFV1", "bad_vector")
    need(len(data) >= 8, "truncated")
    (count,) = struct.unpack_from(">I", data, 4)
    need(count <= 20000, "too_large")
    need(len(data) >= 8 + 72 * count, "truncated")
    need(len(data) == 8 + 72 * count, "bad_vector")
    heads = list(struct.iter_unpack(">32sQ32s", data[8:]))
    need(all(seq > 0 for _, seq, _ in heads), "bad_vector")
    need(all(left[0] < right[0] for left, right in zip(heads, heads[1:])), "bad_vector")
    return heads


def encode_vector(heads):
    return b"WFV1" + struct.pack(">I", len(heads)) + b"".join(struct.pack(">32sQ32s", *it) for it in sorted(heads))


def plan(ours, theirs):
    """Compares two vectors by heads alone (section 12)."""
    ours, theirs = ({feed: (seq, head) for feed, seq, head in heads} for heads in (ours, theirs))
    found = {"pull": [], "behind": [], "suspect": []}
    for feed in sorted(ours.keys() | theirs.keys()):
        our, their = ours.get(feed, (0, ZERO)), theirs.get(feed, (0, ZERO))
        low, high = sorted([our[0], their[0]])
        if low < high:
            side = "pull" if our[0] == low else "behind"
            found[side].append({"feed": feed.hex(), "from": low + 1, "to": high})
        elif our[1] != their[1]:
            found["suspect"].append(feed.hex())
    return found


def check_fork_proof(data, feed, key):
    one, end = decode_frame(data, 0)
    other, end = decode_frame(data, end)
    need(end == len(data), "bad_fork_proof")
    need((one["feed"], one["seq"]) == (other["feed"], other["seq"]), "bad_fork_proof")
    need(one["hash"] < other["hash"], "bad_fork_proof")
    need(one["feed"] == feed, "wrong_feed")
    verify(one, key)
    verify(other, key)


class FeedFile:
    """A file of feeds, taken entry by entry (section 14): of one node, or of one operation."""

    # Entries that are not counted, though each is what it says it is.
    ASIDE = ("beyond_closing", "revoked")

    def __init__(self, operation):
        self.scope = operation and ("operation:" + operation, "command:" + operation)
        self.feeds, self.hashes, self.identities, self.aside = {}, {}, {}, Counter()
        self.nodes, self.last = set(), None

    def take(self, entry):
        feed = entry["feed"]
        if feed not in self.feeds:
            need(entry["seq"] == 1, "gap")
            self.open(feed, decode_opening(entry))
        held = self.feeds[feed]
        is_identity = held["scope"] == "identity"
        if is_identity and self.scope:
            need(all(it["scope"] == "identity" for it in self.feeds.values()), "late_identity")
        accept(entry, feed, held["key"], held["seq"], held["hash"])
        if is_identity:
            self.take_identity(entry, held["node"])
        held["seq"], held["hash"], self.last = entry["seq"], entry["hash"], held
        self.hashes[feed, entry["seq"]] = entry["hash"]
        if self.scope and not is_identity:
            self.ask(held, (feed, entry["seq"], entry["hash"]))

    def open(self, feed, opening):
        node, follows = opening["node"], opening["follows"]
        if self.scope and opening["scope"] != "identity":
            need(opening["scope"] in self.scope, "another_scope")
            need(node in self.identities, "no_identity")
        need(self.scope or self.nodes <= {node}, "another_node")
        if follows and follows[0] in self.feeds:
            need(self.hashes.get(follows[:2]) == follows[2], "broken_epoch")
        self.nodes.add(node)
        self.feeds[feed] = opening | {"seq": 0, "hash": ZERO}

    def take_identity(self, entry, node):
        if node in self.identities:
            self.identities[node].take(entry)
        else:
            self.identities[node] = Identity(entry)

    def ask(self, held, head):
        try:
            identity = self.identities[held["node"]]
            identity.may_take(held["node"], held["scope"], held["epoch"], held["key"], head)
        except Refused as refused:
            need(str(refused) in self.ASIDE, str(refused))
            self.aside[str(refused)] += 1

    def end(self):
        """A file of one node need not begin with its identity: all is asked when that is whole."""
        if self.scope or not self.identities:
            return
        for (feed, seq), head in self.hashes.items():
            if self.feeds[feed]["scope"] == "identity":
                continue
            try:
                self.ask(self.feeds[feed], (feed, seq, head))
            except Refused as refused:
                raise Refused(f"{refused}: entry {seq} of feed {feed.hex()}") from None


def check_feed_file(path, operation=None):
    data = open(path, "rb").read()
    at = count = 0
    file = FeedFile(operation)
    try:
        while at < len(data):
            entry, end = decode_frame(data, at)
            file.take(entry)
            at, count = end, count + 1
        if not count:
            sys.exit(f"{path}: no entries")
    except Refused as refused:
        sys.exit(f"{path}: entry {count + 1}, at byte {at}: {refused}")
    try:
        file.end()
    except Refused as refused:
        sys.exit(f"{path}: {refused}")
    said = f"{count} entries, {len(file.feeds)} feeds"
    if operation:
        said += f" of {len(file.nodes)} nodes verified"
    else:
        said += f" verified, head {file.last['seq']} {file.last['hash'].hex()}"
    for reason, entries in sorted(file.aside.items()):
        said += f", {entries} set aside ({reason})"
    if unknown := sum(identity.unknown for identity in file.identities.values()):
        said += f", {unknown} identity entries of kinds not known here"
    print(said)


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
        if it["epoch"] == 1 and node_of(key).hex() != it["node"]:
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
    check_identities(vectors["identities"])
    check_sync(vectors, feeds)
    print(", ".join(f"{len(vectors[name])} {name}" for name in vectors if name != "format") + ": all as expected")


def reason_of(check, *arguments):
    try:
        check(*arguments)
    except Refused as refused:
        return str(refused)
    return "ok"


def take_frame(identities, data):
    """Takes the frame into the identity that the list holds, or begins one with it."""
    entry, end = decode_frame(data, 0)
    need(end == len(data), "bytes after the frame")
    if identities:
        identities[0].take(entry)
    else:
        identities.append(Identity(entry))


def identity_state(identity):
    def heads(named):
        last = {feed: max(heads) for feed, heads in named.items()}
        return [{"feed": feed.hex(), "seq": last[feed], "hash": named[feed][last[feed]].hex()} for feed in sorted(named)]

    keys = [
        {"epoch": epoch, "public_key": it["key"].hex(), "cause": it["cause"], "heads": heads(it["named"])}
        for epoch, it in identity.keys.items()
    ]
    last = keys[-1] if keys else None
    return {
        "node": identity.node.hex(),
        "name": identity.name,
        "keys": keys,
        "current_epoch": last["epoch"] if last and not last["cause"] and identity.revoked is None else None,
        "anchors": [{"sha256": name, "not_after_ms": end} for name, end in identity.anchors.items()],
        "addresses": identity.addresses,
        "revoked": identity.revoked,
        "unknown": identity.unknown,
        "head": {"feed": identity.feed.hex(), "seq": identity.seq, "hash": identity.hash.hex()},
    }


def check_identities(stories):
    for story in stories:
        where, identities = f"identity {story['name']!r}", []
        for number, it in enumerate(story["entries"], 1):
            found = reason_of(take_frame, identities, bytes.fromhex(it["frame"]))
            if found != it["result"]:
                sys.exit(f"{where}, entry {number}: {found}, expected {it['result']}")
        state = identity_state(identities[0]) if identities else None
        if state != story["state"]:
            sys.exit(f"{where}: {state}, expected {story['state']}")
        for it in story["questions"]:
            node, key, feed, head = (bytes.fromhex(it[name]) for name in ("node", "public_key", "feed", "hash"))
            found = reason_of(identities[0].may_take, node, it["scope"], it["epoch"], key, (feed, it["seq"], head))
            if found != it["answer"]:
                sys.exit(f"{where}, question {it['name']!r}: {found}, expected {it['answer']}")


def check_sync(vectors, feeds):
    decoded = {}
    for it in vectors["vectors"]:
        data = bytes.fromhex(it["bytes"])
        found = reason_of(decode_vector, data)
        if found != it["reason"]:
            sys.exit(f"vector {it['name']!r}: {found}, expected {it['reason']}")
        if found == "ok":
            heads = decoded[it["name"]] = decode_vector(data)
            if shown(heads) != it["heads"] or encode_vector(heads) != data:
                sys.exit(f"vector {it['name']!r}: holds other heads")
            if sha(b"watchfire vector v1\0", data).hex() != it["digest"]:
                sys.exit(f"vector {it['name']!r}: has another digest")
    for it in vectors["plans"]:
        found = plan(decoded[it["ours"]], decoded[it["theirs"]])
        if any(found[name] != it[name] for name in found):
            sys.exit(f"plan {it['name']!r}: {found}")
    for it in vectors["forks"]:
        found = reason_of(check_fork_proof, bytes.fromhex(it["bytes"]), *feeds[it["feed"]])
        if found != it["reason"]:
            sys.exit(f"fork {it['name']!r}: {found}, expected {it['reason']}")


def main(arguments):
    match arguments:
        case ["vectors", path]:
            check_vectors(path)
        case ["feed", "--operation", operation, path] if re.fullmatch("[0-9a-f]{32}", operation):
            check_feed_file(path, operation)
        case ["feed", path]:
            check_feed_file(path)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
