#!/usr/bin/env python3
"""Writes stations.csv and units.csv of the demo city from the files beside it: calls.csv.gz and stations.geojson.

The department publishes no list of its units, so the list is derived from five days of their responses. What is real and
what is assumed is said in README.md. Needs nothing but Python 3; the same files give the same lists.
"""

import csv
import gzip
import json
import pathlib
import re
from collections import Counter, defaultdict
from statistics import median

HERE = pathlib.Path(__file__).parent

KINDS = {
    "ENGINE": "engine",
    "TRUCK": "truck",
    "MEDIC": "medic",
    "PRIVATE": "ambulance",
    "CHIEF": "chief",
    "RESCUE CAPTAIN": "rescue_captain",
    "RESCUE SQUAD": "rescue_squad",
    "SUPPORT": "support",
    "AIRPORT": "airport",
    "INVESTIGATION": "investigation",
}

# Assumed: what each kind can do. "als" of an engine comes from the column "ALS Unit" instead.
CAPABILITIES = {
    "engine": ["pump", "bls"],
    "truck": ["ladder", "forcible_entry", "bls"],
    "medic": ["als", "bls", "transport"],
    "ambulance": ["bls", "transport"],
    "chief": ["command"],
    "rescue_captain": ["als", "bls", "medical_command"],
    "rescue_squad": ["rescue", "bls"],
    "support": ["support"],
    "airport": ["pump", "rescue", "bls"],
    "investigation": ["investigation"],
}

# Assumed: usual crews. The calls do not say how many were aboard.
CREW = {
    "engine": 4,
    "truck": 5,
    "medic": 2,
    "ambulance": 2,
    "chief": 1,
    "rescue_captain": 1,
    "rescue_squad": 4,
    "support": 2,
    "airport": 4,
    "investigation": 2,
}


def read_stations():
    """Station number -> (name, lat, lon)."""
    stations = {}
    for feature in json.loads((HERE / "stations.geojson").read_text())["features"]:
        name = feature["properties"]["common_name"]
        number = int(re.search(r"#(\d+)", name).group(1))
        lon, lat = feature["geometry"]["coordinates"]
        stations[f"{number:02}"] = (name.replace(" #", " "), lat, lon)
    return dict(sorted(stations.items()))


def read_responses():
    """Call sign -> rows of the unit."""
    responses = defaultdict(list)
    with gzip.open(HERE / "calls.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            responses[row["Unit ID"]].append(row)
    return dict(sorted(responses.items()))


def home(callsign, rows, stations, calls_by_area, places_by_area):
    """Where a unit waits: (station or "", lat, lon).

    Engines, trucks and the rescue ambulance wait at the station of their number, division chiefs at their headquarters.
    Stations 35 and 51 are not in the list of stations, so that their engines wait in the middle of the calls of their area.
    The others wait at the station of the area in which they responded most often, compared with how often all units
    responded there: without that comparison half of the ambulances would wait at the one busiest station.
    """
    number = re.fullmatch(r"(?:E|T|RA)(\d\d)", callsign)
    if number:
        code = number.group(1)
        return (code, *stations[code][1:]) if code in stations else ("", *middle(places_by_area[code]))
    division = re.fullmatch(r"D(\d)", callsign)
    for code, (name, lat, lon) in stations.items():
        if division and f"Division {division.group(1)} Headquarters" in name:
            return code, lat, lon
    areas = Counter(row["Station Area"] for row in rows if row["Station Area"] in stations)
    often = {area: count for area, count in areas.items() if count >= 2} or areas
    # The airport lies far outside the area in which its calls are counted.
    if callsign == "AP" or not often:
        return ("", *middle([place(row) for row in rows]))
    code = max(often, key=lambda area: (often[area] / calls_by_area[area], area))
    return (code, *stations[code][1:])


def place(row):
    """(lat, lon) of a response."""
    return tuple(float(part) for part in row["Location"].strip("()").split(","))


def middle(places):
    """The median of each coordinate."""
    return tuple(median(place[index] for place in places) for index in (0, 1))


def main():
    stations = read_stations()
    responses = read_responses()
    places_by_area = defaultdict(list)
    for row in (row for rows in responses.values() for row in rows):
        places_by_area[row["Station Area"]].append(place(row))
    calls_by_area = {area: len(places) for area, places in places_by_area.items()}

    with open(HERE / "stations.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["code", "name", "lat", "lon", "areas"])
        for code, (name, lat, lon) in stations.items():
            out.writerow([code, name, f"{lat:.6f}", f"{lon:.6f}", code])

    with open(HERE / "units.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["callsign", "kind", "capabilities", "station", "lat", "lon", "crew", "areas"])
        for callsign, rows in responses.items():
            kind = KINDS[Counter(row["Unit Type"] for row in rows).most_common(1)[0][0]]
            capabilities = list(CAPABILITIES[kind])
            if kind == "engine" and sum(row["ALS Unit"] == "true" for row in rows) * 2 > len(rows):
                capabilities.append("als")
            if callsign.startswith("EMS"):
                capabilities = ["medical_command"]
            if re.fullmatch(r"(?:FB|RB)\d", callsign):
                capabilities.append("water_rescue")
            station, lat, lon = home(callsign, rows, stations, calls_by_area, places_by_area)
            areas = "airport" if kind == "airport" else ""
            out.writerow([callsign, kind, ";".join(capabilities), station, f"{lat:.6f}", f"{lon:.6f}", CREW[kind], areas])


if __name__ == "__main__":
    main()
