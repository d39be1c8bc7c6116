"""The astrometric service of jwst, imitated on this machine: what it is asked, and what it answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import numpy as np

#: Columns as `stcal.tweakreg.astrometric_utils` reads them, and some more.
HEAD = "objID,ra,dec,mag,epoch,pmra,pmdec,parallax,source"


def stars(ra: float, dec: float, radius: float, n: int) -> str:
    """An answer: stars around a place [deg], the last one without a proper motion."""
    rng = np.random.default_rng(4)
    rows = [
        f"{10**17 + i},{ra + rng.uniform(-1, 1) * radius / 2:.9f},{dec + rng.uniform(-1, 1) * radius / 2:.9f},"
        f"{rng.uniform(15, 20):.3f},2016.0,{f'{rng.normal():.3f},{rng.normal():.3f}' if i < n - 1 else ','},0.1,G"
        for i in range(n)
    ]
    return "\n".join(["# GAIADR3", HEAD, *rows]) + "\n"


@contextmanager
def service(
    answer=None, *, n_stars: int = 500, status: int = 200, length: int | None = None
) -> Iterator[tuple[str, list[dict]]]:
    """A service that answers with stars of the field that it is asked for, or with a text; its address, and questions.

    Parameters
    ----------
    answer : str, optional
    n_stars : int
    status : int
        Of HTTP.
    length : int, optional
        What it says of the length of its answer.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            question = {key: value[0] for key, value in parse_qs(urlsplit(self.path).query).items()}
            asked.append(question | {"path": urlsplit(self.path).path})
            text = answer if answer is not None else stars(*(float(question[k]) for k in ("RA", "DEC", "SR")), n_stars)
            self.send_response(status)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Content-Length", str(length or len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/webservices", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
