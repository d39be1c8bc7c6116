"""A CRDS server on loopback that serves the files of one cache, and can fail in the ways that servers do."""

import base64
import gzip
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class CrdsServer(ThreadingHTTPServer):
    """Serves mappings and references of a cache over the JSON-RPC of CRDS.

    Attributes
    ----------
    faults : dict
        By file name, what goes wrong the next times it is asked for: "missing", "corrupt", "cut", "error" (500). The
        name of an RPC method can fail too, with "error".
    requests : Counter
        How often each file was asked for.
    """

    daemon_threads = True

    def __init__(self, cache: Path, context: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.context = context
        self.files = {
            path.name: path.read_bytes()
            for kind in ("mappings", "references")
            for path in (cache / kind).rglob("*")
            if path.is_file()
        }
        self.bad_files: list[str] = []
        self.faults: dict[str, list[str]] = {}
        self.requests: Counter[str] = Counter()

    def next_fault(self, name: str) -> str | None:
        """Take the next fault that is planned for a name."""
        planned = self.faults.get(name)
        return planned.pop(0) if planned else None

    def call(self, method: str) -> object:
        """Answer an RPC."""
        mappings = sorted(name for name in self.files if name.endswith("map"))
        if method == "get_mapping_names":
            return mappings
        assert method == "get_server_info", f"the client asked for {method}"
        sums = {
            name: {"size": str(len(content)), "sha1sum": hashlib.sha1(content).hexdigest()}
            for name, content in self.files.items()
        }
        packed = base64.b64encode(gzip.compress(json.dumps(sums).encode())).decode()
        return {
            "observatory": "jwst", "latest_context": self.context, "operational_context": self.context,
            "edit_context": self.context, "bad_files": "", "bad_files_list": self.bad_files, "force_remote_mode": False,
            "last_synced": "2026-01-01 00:00:00", "crds_version": {"str": "loopback"}, "mappings": mappings,
            "reference_url": {"jwst": f"{self.url}/references/"}, "mapping_url": {"jwst": f"{self.url}/mappings/"},
            "download_metadata": {"crds_encoded": "1.0", "crds_payload": packed},
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server: CrdsServer

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.next_fault(query["method"]):
            self.send_error(500)
            return
        answer = {"result": self.server.call(query["method"]), "error": None, "id": query["id"]}
        self._send(json.dumps(answer).encode())

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        self.server.requests[name] += 1
        content = self.server.files.get(name, b"")
        match self.server.next_fault(name):
            case "missing":
                self.send_error(404)
            case "error":
                self.send_error(500)
            case "corrupt":
                self._send(b"x" * len(content))
            case "cut":
                self._send(content[: len(content) // 2], length=len(content))
            case None:
                self._send(content)

    def _send(self, content: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep quiet: pytest shows what the client says."""


@contextmanager
def crds_server(cache: Path, context: str) -> Iterator[CrdsServer]:
    """Serve a cache while the context lasts."""
    with CrdsServer(cache, context) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
