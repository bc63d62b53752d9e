#!/usr/bin/env python3
"""Asks OSRM and Valhalla what `cargo xtask bench roads` asks us: the times from 1,000 units to each of a number of calls, and
new speeds for the whole map. Each is used through the fastest interface it has in one process, with nothing but the question
inside the clock.

    python3 conformance/roads/peers.py MAP.osm.pbf POINTS.json

The points are written by `--points` of our own program. Needs the packages osrm-bindings and pyvalhalla.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 100


def timed(work):
    start = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - start) * 1000.0


def line(what, runs):
    runs = sorted(runs)
    late = runs[len(runs) * 95 // 100]
    middle = statistics.median(runs)
    print(f"{what:<60} least {runs[0]:>10.3f} ms   median {middle:>10.3f} ms   p95 {late:>10.3f} ms", flush=True)


def osrm(extract, units, calls, folder):
    import osrm as bindings

    tools = pathlib.Path(bindings.__file__).parent / "bin"
    profile = pathlib.Path(bindings.__file__).parent / "share" / "profiles" / "car.lua"
    base = folder / "map.osrm"

    def tool(name, *words):
        command = [str(tools / name), *map(str, words)]
        done, took = timed(lambda: subprocess.run(command, capture_output=True, text=True))
        if done.returncode != 0:
            sys.exit(f"{name}: {done.stdout}{done.stderr}")
        return took

    copied = folder / "map.osm.pbf"
    copied.write_bytes(pathlib.Path(extract).read_bytes())
    extracted = tool("osrm-extract", "-t", 2, "-p", profile, copied)
    partitioned = tool("osrm-partition", "-t", 2, base)
    customized = tool("osrm-customize", "-t", 2, base)
    # The other method has files of its own beside the same map.
    contracted = tool("osrm-contract", "-t", 2, base)
    count = len(units)

    def ask(engine, hints):
        def params(call):
            question = bindings.TableParameters(
                coordinates=[*units, call],
                sources=list(range(count)),
                destinations=[count],
                annotations=["duration"],
                generate_hints=False,
                hints=[*hints, None] if hints else [],
            )
            # Only the times, not where each point was put and what the street is called.
            question.skip_waypoints = True
            return question

        def one(call):
            question = params(call)
            result, took = timed(lambda: engine.Table(question))
            if len(result["durations"]) != count:
                sys.exit("OSRM did not answer")
            return took

        return [one(call) for call in calls[:ROUNDS]]

    for algorithm in ("MLD", "CH"):
        engine, opened = timed(
            lambda: bindings.OSRM(
                algorithm=algorithm,
                storage_config=str(base),
                use_shared_memory=False,
                max_locations_distance_table=count + 1,
            )
        )
        first = ask(engine, None)[0]
        prepared = extracted + (partitioned + customized if algorithm == "MLD" else contracted)
        print(f"OSRM {algorithm}: from the map to the first answer {prepared + opened + first:.0f} ms")
        line(f"OSRM {algorithm}: table of 1,000 to 1, units snapped anew", ask(engine, None))
        try:
            snapped = engine.Table(
                bindings.TableParameters(coordinates=units, sources=[0], destinations=[0], generate_hints=True)
            )
            hints = [source["hint"] for source in snapped["sources"]]
            every = engine.Table(bindings.TableParameters(coordinates=units, generate_hints=True, destinations=[0]))
            hints = [source["hint"] for source in every["sources"]]
            line(f"OSRM {algorithm}: the same, units kept snapped (hints)", ask(engine, hints))
        except Exception as why:  # the bindings say what they miss
            print(f"OSRM {algorithm}: hints could not be used: {why}")
    customized = [tool("osrm-customize", "-t", 2, base) for _ in range(5)]
    line("OSRM MLD: osrm-customize, all weights (the whole program)", customized)
    print(f"OSRM CH: osrm-contract, all weights {contracted:.0f} ms")


def valhalla(extract, units, calls, folder):
    import valhalla as bindings

    tiles = folder / "tiles"
    tiles.mkdir()
    config = bindings.get_config(tile_extract="", tile_dir=str(tiles))
    config["mjolnir"]["concurrency"] = 2
    limits = config["service_limits"]["auto"]
    limits["max_matrix_distance"] = 1e7
    limits["max_matrix_location_pairs"] = 10**7
    limits["max_locations"] = 10**5
    config["thor"]["costmatrix_check_reverse_connection"] = False
    written = folder / "valhalla.json"

    def write(algorithm):
        config["thor"]["source_to_target_algorithm"] = algorithm
        written.write_text(json.dumps(config))

    write("select_optimal")
    build = ["valhalla_build_tiles", "-c", str(written), "-j", "2", str(extract)]
    build[0] = str(pathlib.Path(bindings.__file__).parent / "bin" / build[0])
    done, built = timed(lambda: subprocess.run(build, capture_output=True, text=True))
    if done.returncode != 0:
        sys.exit(f"valhalla_build_tiles: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    place = lambda point: {"lon": point[0], "lat": point[1]}

    def one(actor, call):
        question = json.dumps(
            {
                "sources": [place(unit) for unit in units],
                "targets": [place(call)],
                "costing": "auto",
                "verbose": False,
            }
        )
        result, took = timed(lambda: actor.matrix(question))
        if len(json.loads(result)["sources_to_targets"]["durations"]) != len(units):
            sys.exit("Valhalla did not answer")
        return took

    for algorithm in ("timedistancematrix", "costmatrix"):
        write(algorithm)
        actor = bindings.Actor(str(written))
        first = one(actor, calls[0])
        print(f"Valhalla {algorithm}: from the map to the first answer {built + first:.0f} ms")
        # The second takes a quarter of a minute for one question.
        asked = calls[:20] if algorithm == "timedistancematrix" else calls[:3]
        runs = [one(actor, call) for call in asked]
        line(f"Valhalla {algorithm}: matrix of 1,000 to 1, units snapped anew", runs)
    print("Valhalla: new speeds without building the tiles anew need its traffic archive; not measured")


def main():
    extract, points = sys.argv[1:3]
    asked = json.loads(pathlib.Path(points).read_text())
    pairs = lambda name: [(point["lon"], point["lat"]) for point in asked[name]]
    units, calls = pairs("units"), pairs("calls")
    failed = False
    for peer in (osrm, valhalla):
        with tempfile.TemporaryDirectory() as folder:
            try:
                peer(extract, units, calls, pathlib.Path(folder))
            except (Exception, SystemExit) as why:
                failed = True
                print(f"{peer.__name__} was NOT measured: {why}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
