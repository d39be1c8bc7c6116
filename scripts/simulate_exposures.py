"""Simulate level-2 exposures whose truth is known.

    python scripts/simulate_exposures.py out/sim --band F770W --dithers 4 --background 2

writes ``*_cal.fits`` files that the JWST pipeline takes for its own, and ``truth.json`` beside them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the script works in a checkout that is not installed

from app.runtime.errors import Lv3Error
from app.simulation import Faults, Scene, Truth, simulate_grid, simulate_observation
from app.simulation.detectors import detector_names


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("out_dir", type=Path, help="folder for the exposures and the truth")
    add("--instrument", choices=["miri", "nircam", "niriss"], default="miri")
    add("--channel", choices=["short", "long"], default="short", help="of NIRCam")
    add("--detectors", nargs="+", metavar="NAME", help="instead of all of the instrument and channel: NRCA1 NRCA2")
    add("--band", default="F770W")
    add("--window", default="512x512", help="FULL, a subarray's name, or columns x rows")
    add("--target", default="ngc0628")
    add("--observations", type=int, default=1)
    add("--visits", type=int, default=1, help="in each observation")
    add("--activities", type=int, default=1, help="in each visit")
    add("--dithers", type=int, default=4, help="in each activity, or at each pointing of a grid")
    add("--background", type=int, default=0, help="background exposures")
    add("--parallel-background", action="store_true", help="they are parallel ones: sequence id 2")
    add("--grid", type=int, metavar="POINTINGS", help="a mosaic of that many pointings instead of visits")
    add("--rate", type=float, nargs=2, metavar=("EAST", "NORTH"), help="the target moves [arcsec/h]")
    add("--pointing-error", type=float, default=Faults.pointing_error, help="[arcsec]")
    add("--roll-error", type=float, default=Faults.roll_error, help="largest of an exposure [deg]")
    add("--module-error", type=float, default=Faults.module_error, help="of each NIRCam module [arcsec]")
    add("--detector-error", type=float, default=Faults.detector_error, help="of each detector [arcsec]")
    add("--wrong-guide-star", type=float, default=0.0, metavar="ARCSEC", help="how far off the last visit is")
    add("--sky-offset", type=float, default=Faults.sky_offset, help="[MJy/sr]")
    add("--cosmic-rays", type=int, default=Faults.n_cosmic_rays, help="hits in an image")
    add("--stars", type=int, default=Scene.n_stars, help="in a window, about")
    add("--random-stars", action="store_true", help="anywhere, instead of one in each cell of a grid")
    add("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def simulate(options: argparse.Namespace) -> Truth:
    """Simulate what the command line asks for."""
    channel = options.channel if options.instrument == "nircam" else None
    columns, _, rows = options.window.partition("x")
    common = {
        "band": options.band,
        "detectors": options.detectors or detector_names(options.instrument, channel),
        "window": (int(columns), int(rows)) if rows.isdecimal() and columns.isdecimal() else options.window,
        "target": options.target,
        "seed": options.seed,
        "n_dithers": options.dithers,
        "scene": Scene(
            n_stars=options.stars,
            random_stars=options.random_stars,
            faults=Faults(
                pointing_error=options.pointing_error,
                roll_error=options.roll_error,
                module_error=options.module_error,
                detector_error=options.detector_error,
                sky_offset=options.sky_offset,
                n_cosmic_rays=options.cosmic_rays,
            ),
        ),
    }
    if options.grid:
        return simulate_grid(options.out_dir, n_pointings=options.grid, **common)
    return simulate_observation(
        options.out_dir,
        n_observations=options.observations,
        n_visits=options.visits,
        n_activities=options.activities,
        n_background=options.background,
        background_as_parallel=options.parallel_background,
        wrong_guide_star=options.wrong_guide_star,
        rate=options.rate and tuple(options.rate),
        **common,
    )


def main() -> int:
    """Simulate and say what was written."""
    try:
        truth = simulate(parse_arguments())
    except Lv3Error as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(f"{len(truth.exposures)} exposures and their truth in {truth.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
