#!/usr/bin/env python3
"""Recomputes a node's figures from its records by docs/book/figures.md alone, sharing no code with Watchfire.

    recompute.py http://127.0.0.1:8440 TOKEN [--from T] [--to T] [--priority N] [--area A] [--category C] [--hour H]

The token's seat needs to see board and figures (an analyst's does). Reads all incidents, assignments and calls, compares every
cell of `/figures` and of `/figures.csv`, and the number of incidents behind each interval. Prints what differs and exits with 1;
with 2 if the records changed while they were read (ask for a period that is over). Needs Python 3.11 and nothing else.
"""
import argparse
import csv
import datetime
import io
import json
import ssl
import sys
import urllib.parse
import urllib.request
import zoneinfo

HOUR = datetime.timedelta(hours=1)
WEEK = datetime.timedelta(days=7)
YEAR = datetime.timedelta(days=364)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("token")
    for name in ("from", "to", "area", "category"):
        parser.add_argument("--" + name, dest=name + "_")
    parser.add_argument("--priority", type=int)
    parser.add_argument("--hour", type=int)
    parser.add_argument("--self-signed", action="store_true", help="take any certificate")
    return parser.parse_args()


class Node:
    def __init__(self, asked):
        self.base = asked.url.rstrip("/") + "/api/v1"
        self.token = asked.token
        self.tls = ssl._create_unverified_context() if asked.self_signed else None

    def read(self, path, **query):
        query = {name: value for name, value in query.items() if value is not None}
        address = self.base + path + "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(address, headers={"Authorization": "Bearer " + self.token})
        with urllib.request.urlopen(request, context=self.tls) as answer:
            return answer.read().decode("utf-8-sig")

    def get(self, path, **query):
        return json.loads(self.read(path, **query))

    def all(self, path):
        items, cursor = [], None
        while True:
            page = self.get(path, limit=500, cursor=cursor)
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                # A record that changed meanwhile may be listed twice: the first is the later one.
                return list({item["id"]: item for item in reversed(items)}.values())


def time(text):
    return None if text is None else datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def seconds(start, end):
    """Whole seconds, or nothing where an end is not known or the times contradict each other."""
    if start is None or end is None or end < start:
        return None
    return (end - start) // datetime.timedelta(seconds=1)


class Question:
    def __init__(self, asked, figures):
        self.start, self.end = time(figures["from"]), time(figures["to"])
        self.zone = zoneinfo.ZoneInfo(figures["zone"])
        self.asked = asked

    def hour(self, at):
        return at.astimezone(self.zone).hour

    def wants(self, record, at, start=None, end=None):
        asked = self.asked
        place = record["place"] or {}
        return (
            (start or self.start) <= at < (end or self.end)
            and asked.priority in (None, record["priority"] or 0)
            and asked.area_ in (None, place.get("area") or "")
            and asked.category_ in (None, record["category"] or "")
            and asked.hour in (None, self.hour(at))
        )


def measures(question, incidents, assignments, calls):
    """Yields interval, seconds, priority, area and hour of everything that is measured."""
    by_id = {incident["id"]: incident for incident in incidents}

    def root(incident):
        while by_id.get(incident) and by_id[incident]["merged_into"]:
            incident = by_id[incident]["merged_into"]
        return incident

    of_calls, of_units = {}, {}
    for call in calls:
        if call["incident"]:
            of_calls.setdefault(root(call["incident"]), []).append(time(call["received_at"]))
    for one in assignments:
        of_units.setdefault(root(one["incident"]), []).append(
            tuple(time(one[name]) for name in ("sent_at", "departed_at", "arrived_at"))
        )
    for call in calls:
        answered = time(call["received_at"])
        if question.wants(call, answered):
            rang = seconds(time(call.get("ringing_at")), answered)
            if rang is not None:
                area = (call["place"] or {}).get("area") or ""
                yield "ringing_to_answered", rang, call["priority"] or 0, area, question.hour(answered)
    for incident in incidents:
        opened = time(incident["opened_at"])
        if incident["merged_into"] or not question.wants(incident, opened):
            continue
        answered = min(of_calls.get(incident["id"], []), default=None)
        units = of_units.get(incident["id"], [])
        sent = min((unit[0] for unit in units if unit[0]), default=None)
        there = min((unit[2] for unit in units if unit[2]), default=None)
        took = [("answered_to_sent", answered, sent), ("answered_to_arrived", answered, there)]
        for unit in units:
            took += [("sent_to_departed", unit[0], unit[1]), ("departed_to_arrived", unit[1], unit[2])]
        for interval, begin, end in took:
            length = seconds(begin, end)
            if length is not None:
                area = incident["place"]["area"] or ""
                yield interval, length, incident["priority"], area, question.hour(opened)


def cell(taken, targets):
    """`taken` is a list of seconds and priority."""
    lengths = sorted(length for length, _ in taken)
    rank = lambda percent: lengths[-(-len(lengths) * percent // 100) - 1]
    # What has no priority yet is held against the strictest one's target.
    judged = [(length, targets[priority or 1]) for length, priority in taken if (priority or 1) in targets]
    within = sum(length <= target for length, target in judged)
    share = (within * 1000 + len(judged) // 2) // len(judged) if judged else None
    return (len(lengths), rank(50), rank(90), len(judged), within, None if share is None else share / 10)


def expected(question, figures, records):
    targets = {
        one["interval"]: {target["priority"]: target["seconds"] for target in one["targets"]}
        for one in figures["intervals"]
    }
    taken = {}
    for interval, length, priority, area, hour in measures(question, *records):
        for by, of in (("all", ""), ("priority", priority or ""), ("area", area), ("hour", hour)):
            taken.setdefault((interval, by, str(of)), []).append((length, priority))
    cells = {key: cell(value, targets[key[0]]) for key, value in taken.items()}
    since = time(figures["records_since"])
    for shift, name in ((None, "count"), (WEEK, "week_before"), (YEAR, "year_before")):
        start, end = question.start - (shift or HOUR * 0), question.end - (shift or HOUR * 0)
        counts = {}
        for call in records[2]:
            if question.wants(call, time(call["received_at"]), start, end):
                category = call["category"] or ""
                counts[category] = counts.get(category, 0) + 1
        if shift and start < since:
            counts = None
        cells[("calls", name, "")] = counts
    return cells


def shown(figures):
    cells = {}
    for one in figures["intervals"]:
        rows = [("all", "", one["all"])]
        for by in ("priority", "area", "hour"):
            rows += [(by, "" if row[by] is None else str(row[by]), row["cell"]) for row in one["by_" + by]]
        for by, of, found in rows:
            if found["count"]:
                names = ("count", "p50_s", "p90_s", "judged", "within", "within_percent")
                cells[(one["interval"], by, of)] = tuple(found[name] for name in names)
    for name in ("count", "week_before", "year_before"):
        rows = figures["calls"]["by_category"]
        known = name == "count" or figures["calls"][name]["count"] is not None
        cells[("calls", name, "")] = (
            {row["category"] or "": row[name] for row in rows if row[name]} if known else None
        )
    return cells


def from_csv(text):
    cells = {("calls", name, ""): {} for name in ("count", "week_before", "year_before")}
    columns = ("count", "p50_s", "p90_s", "judged", "within")
    for row in csv.DictReader(io.StringIO(text, newline="")):
        of = row["of"].removeprefix("'")
        if row["figure"] == "calls":
            for name in ("count", "week_before", "year_before"):
                value = row[name if name == "count" else "count_" + name]
                if value not in ("", "0"):
                    cells[("calls", name, "")][of] = int(value)
        elif row["count"] != "0":
            share = float(row["within_percent"]) if row["within_percent"] else None
            cells[(row["figure"], row["by"], of)] = tuple(int(row[name]) for name in columns) + (share,)
    return cells


def differences(what, found, wanted, left_out):
    for key in sorted(set(found) | set(wanted)):
        interval, by, _ = key
        if by == "area" and interval in left_out and key not in found:
            continue  # More areas than are listed: those with fewest are not.
        if found.get(key) != wanted.get(key):
            yield f"{what}: {' '.join(key)}: shown {found.get(key)}, recomputed {wanted.get(key)}"


def main():
    asked = arguments()
    node = Node(asked)
    part = {"priority": asked.priority, "area": asked.area_, "category": asked.category_, "hour": asked.hour}
    figures = node.get("/figures", **{"from": asked.from_, "to": asked.to_}, **part)
    period = {"from": figures["from"], "to": figures["to"]}
    records = [node.all("/" + kind) for kind in ("incidents", "assignments", "calls")]
    text = node.read("/figures.csv", lang="en", **period, **part)
    again = node.get("/figures", **period, **part)
    if again != figures:
        print("the records changed while they were read; ask for a period that is over", file=sys.stderr)
        return 2
    wanted = expected(Question(asked, figures), figures, records)
    left_out = {one["interval"] for one in figures["intervals"] if one["areas_left_out"]}
    wrong = list(differences("figures", shown(figures), wanted, left_out))
    in_csv = from_csv(text)
    for name in ("week_before", "year_before"):
        if wanted[("calls", name, "")] is None and not in_csv[("calls", name, "")]:
            in_csv[("calls", name, "")] = None
    wrong += differences("csv", in_csv, wanted, left_out)
    for one in figures["intervals"]:
        name, count = one["interval"], one["all"]["count"]
        behind = node.get("/figures/incidents", interval=name, limit=1, **period, **part)["count"]
        if behind != count:
            wrong.append(f"behind {name}: {behind} incidents, the figure says {count}")
    for line in wrong:
        print(line)
    print(f"{len(wanted)} cells recomputed from {sum(map(len, records))} records, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
