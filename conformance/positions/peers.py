#!/usr/bin/env python3
"""Does with Redis GEO and PostGIS what the bench part `positions` does with the node's own index: 100,000 units report where
they are, the 10 nearest are asked for after every hundredth report, and PostGIS tells in whose station's area each is (Redis
cannot). Each through its fastest interface on this machine: Redis by its protocol over a socket in the file system, pipelined;
PostGIS by COPY into a temporary table and one UPDATE for each batch, on a table that is not logged.

    WATCHFIRE_POSITIONS=FOLDER cargo xtask bench -- --only positions -- --runs 1
    python3 conformance/positions/peers.py FOLDER REDIS_SOCKET POSTGRES_DSN

The first writes the moves and areas. Needs the package psycopg, a Redis and a PostgreSQL with PostGIS that listen there.
"""

import json
import pathlib
import socket
import sys
import time

BATCH = 1_000
NEAREST = 10
UPDATES_PER_QUESTION = 100
# Within this there are ten almost everywhere in a city with 100,000 units; a wider circle makes Redis sort more.
WITHIN_KM = 1
ROUNDS = 3


def rounds(folder):
    """Gives the units' numbers, longitudes and latitudes, round after round."""
    units = [tuple(map(int, row.split())) for row in (folder / "moves.txt").read_text().splitlines()]
    at = [[lat, lon] for lat, lon, _, _ in units]
    while True:
        for place, (_, _, north, east) in zip(at, units):
            place[0] += north
            place[1] += east
        yield [(number, lon / 1e6, lat / 1e6) for number, (lat, lon) in enumerate(at)]


def said(what, count, began):
    took = time.perf_counter() - began
    print(f"{what:<66} {count / took:>12,.0f} updates/s", flush=True)


def command(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Redis:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb", buffering=1 << 20)

    def answer(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            sys.exit(f"Redis: {rest}")
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        return rest

    def ask(self, *commands):
        self.socket.sendall(b"".join(commands))
        return [self.answer() for _ in commands]


def redis(folder, path):
    client = Redis(path)
    client.ask(command("FLUSHALL"))
    moves = rounds(folder)
    for questions in (None, None, "one", "many"):
        # Written down before the clock starts: what is measured is Redis, not this program.
        batches = []
        for _ in range(ROUNDS):
            units = next(moves)
            for first in range(0, len(units), BATCH):
                batch = units[first : first + BATCH]
                near = lambda unit: command(
                    "GEOSEARCH", "units", "FROMLONLAT", unit[1], unit[2], "BYRADIUS", WITHIN_KM, "km", "ASC", "COUNT", NEAREST
                )
                added = command("GEOADD", "units", *(word for number, lon, lat in batch for word in (lon, lat, number)))
                if questions == "many":
                    # One question after every hundredth report, as it would come.
                    words = []
                    for at in range(0, len(batch), UPDATES_PER_QUESTION):
                        some = batch[at : at + UPDATES_PER_QUESTION]
                        words.append(command("GEOADD", "units", *(word for number, lon, lat in some for word in (lon, lat, number))))
                        words.append(near(some[0]))
                elif questions == "one":
                    words = [added, near(batch[0])]
                else:
                    words = [added]
                batches.append((len(batch), words))
        began = time.perf_counter()
        for _, words in batches:
            client.ask(*words)
        label = {None: "GEOADD", "one": "GEOADD, the 10 nearest after every 1,000", "many": "GEOADD, the 10 nearest after every 100"}
        said(f"Redis GEO: {label[questions]}, no areas", sum(count for count, _ in batches), began)


def postgis(folder, dsn):
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as base:
        base.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        base.execute("DROP TABLE IF EXISTS units, areas")
        base.execute("CREATE UNLOGGED TABLE units (id int PRIMARY KEY, at geometry(Point, 4326), area int) WITH (fillfactor = 50)")
        base.execute("CREATE TABLE areas (station int, shape geometry(Polygon, 4326))")
        for area in json.loads((folder / "areas.json").read_text()):
            for polygon in area["polygons"]:
                shape = json.dumps({"type": "Polygon", "coordinates": polygon})
                base.execute("INSERT INTO areas VALUES (%s, ST_SetSRID(ST_GeomFromGeoJSON(%s), 4326))", (area["station"], shape))
        # In pieces of a few corners each, an area is found much faster.
        base.execute("CREATE TABLE pieces AS SELECT station, ST_Subdivide(shape, 32) AS shape FROM areas")
        base.execute("DROP TABLE areas")
        base.execute("ALTER TABLE pieces RENAME TO areas")
        base.execute("CREATE INDEX ON areas USING gist (shape)")
        base.execute("CREATE INDEX ON units USING gist (at)")
        base.execute("CREATE TEMP TABLE moved (id int, lon float8, lat float8)")
        moves = rounds(folder)
        with base.cursor() as cursor:
            with cursor.copy("COPY units (id, at) FROM STDIN") as copy:
                for number, lon, lat in next(moves):
                    copy.write_row((number, f"SRID=4326;POINT({lon} {lat})"))
        base.execute("ANALYZE units")
        base.execute("ANALYZE areas")

        def update(batch):
            with base.cursor() as cursor:
                cursor.execute("TRUNCATE moved")
                with cursor.copy("COPY moved FROM STDIN") as copy:
                    copy.write("".join(f"{number}\t{lon}\t{lat}\n" for number, lon, lat in batch))
                cursor.execute(
                    """WITH before AS (SELECT units.id, units.area FROM units JOIN moved USING (id)),
                    now AS (SELECT moved.id, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS at FROM moved),
                    placed AS (SELECT now.id, now.at, (SELECT station FROM areas WHERE ST_Contains(shape, now.at) LIMIT 1) AS area FROM now),
                    done AS (UPDATE units SET at = placed.at, area = placed.area FROM placed WHERE units.id = placed.id
                             RETURNING units.id, units.area)
                    SELECT count(*) FROM done JOIN before USING (id) WHERE done.area IS DISTINCT FROM before.area"""
                )
                return cursor.fetchone()[0]

        def nearest(unit):
            with base.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM units ORDER BY at <-> ST_SetSRID(ST_MakePoint(%s, %s), 4326) LIMIT 10", (unit[1], unit[2]), prepare=True
                )
                return len(cursor.fetchall())

        for questions in (False, False, True):
            units = next(moves)
            began, crossed = time.perf_counter(), 0
            for first in range(0, len(units), BATCH):
                batch = units[first : first + BATCH]
                crossed += update(batch)
                if questions:
                    for at in range(0, len(batch), UPDATES_PER_QUESTION):
                        nearest(batch[at])
            label = "UPDATE with areas, the 10 nearest after every 100" if questions else "UPDATE with areas"
            said(f"PostGIS: {label}", len(units), began)
            print(f"    areas entered or left: {crossed * 1_000 / len(units):.1f} in 1,000 updates", flush=True)
        base.execute("DROP TABLE units, areas")


def main():
    folder, socket_path, dsn = sys.argv[1:4]
    redis(pathlib.Path(folder), socket_path)
    postgis(pathlib.Path(folder), dsn)


if __name__ == "__main__":
    main()
