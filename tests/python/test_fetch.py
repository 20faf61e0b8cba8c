"""jem.fetch from folders that play the publisher; nothing is loaded from a network but this machine's own."""

import hashlib
import http.server
import io
import os
import tarfile
import tempfile
import threading
import unittest
from unittest import mock

import jem
from jem import _fetch


def archive(folder, name, members):
    """A .tar.gz of {name: bytes, or the target of a link}."""
    with tarfile.open(os.path.join(folder, name), "w:gz") as f:
        for path, content in members.items():
            entry = tarfile.TarInfo(path)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            f.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)


SETS = ("cue-conflict", "edge", "silhouette")


class Fetching(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.source, self.root = (os.path.join(self.temporary.name, n) for n in ("source", "root"))
        os.makedirs(self.source)

    def publish(self, **more):
        for name in SETS:
            archive(self.source, f"{name}.tar.gz", {f"{name}/cat/a.png": b"picture", f"{name}/._a": b"a Mac's", **more})

    def test_the_catalogue_names_licence_and_files(self):
        items = jem.catalogue()
        self.assertEqual(items["cue-conflict"].licence, "CC BY 4.0")
        cifar = items["cifar10"].files[0]
        self.assertEqual((len(cifar.sha256), cifar.member), (64, "cifar-10-batches-bin"))
        self.assertEqual(len(items["model-vs-human"].files), 90)

    def test_archives_become_folders_and_are_remembered(self):
        self.publish()
        folder = jem.fetch("cue-conflict", self.root, self.source)
        self.assertEqual(sorted(os.listdir(folder)), sorted(SETS))
        self.assertEqual(os.listdir(os.path.join(folder, "edge")), ["cat"])
        with open(os.path.join(folder, "edge", "cat", "a.png"), "rb") as f:
            self.assertEqual(f.read(), b"picture")
        with open(os.path.join(self.root, "fetched.tsv"), encoding="utf-8") as f:
            lines = f.read().splitlines()
        self.assertEqual(lines[0], "path\tbytes\tsha256\turl\ttrust")
        self.assertEqual([line.split("\t")[0] for line in lines[1:]], [f"archives/{n}.tar.gz" for n in SETS])
        self.assertEqual(jem.fetch("cue-conflict", self.root, "/nonexistent"), folder)  # all is there

    def test_another_file_than_the_first_time_is_refused(self):
        self.publish()
        folder = jem.fetch("cue-conflict", self.root, self.source)
        os.rename(os.path.join(folder, "edge"), os.path.join(self.temporary.name, "away"))
        archive(self.source, "edge.tar.gz", {"edge/cat/b.png": b"another"})
        with self.assertRaisesRegex(jem.DataError, "edge.tar.gz: SHA-256 .*first download"):
            jem.fetch("cue-conflict", self.root, self.source)
        self.assertEqual([n for n in os.listdir(os.path.join(self.root, "archives"))], [])

    def test_files_are_held_against_the_published_hash(self):
        for file in jem.catalogue()["cifar10h"].files:
            os.makedirs(os.path.dirname(os.path.join(self.source, file.url)), exist_ok=True)
            with open(os.path.join(self.source, file.url), "wb") as f:
                f.write(b"not it")
        with self.assertRaisesRegex(jem.DataError, f"{hashlib.sha256(b'not it').hexdigest()}; published is"):
            jem.fetch("cifar10h", self.root, self.source)
        self.assertFalse(os.path.exists(os.path.join(self.root, "cifar10h", "cifar10h-counts.npy")))

    def test_archives_that_point_elsewhere_are_not_unpacked(self):
        for i, (hostile, why) in enumerate((({"../x": b"x"}, "points outside"), ({"/x": b"x"}, "points outside"),
                             ({"cue-conflict/x": "/etc/passwd"}, "link"))):
            self.publish(**hostile)
            root = os.path.join(self.root, str(i))
            with self.assertRaisesRegex(jem.DataError, why):
                jem.fetch("cue-conflict", root, self.source)
            self.assertFalse(os.path.exists(os.path.join(root, "cue-conflict", "cue-conflict")))

    def test_it_loads_over_http_and_tries_again(self):
        tries = []

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                tries.append(self.path)
                body = b"ab"
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(body if len(tries) > 1 else body[:1])

            def log_message(self, *unused):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            place = os.path.join(self.temporary.name, "file")
            with mock.patch("time.sleep"):
                _fetch._load(f"http://127.0.0.1:{server.server_port}/file", place)
            with open(place + ".part", "rb") as f:
                self.assertEqual(f.read(), b"ab")
            self.assertEqual(len(tries), 2)
            with self.assertRaisesRegex(ValueError, "anybody on the way"):
                jem.fetch("cue-conflict", self.root, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def test_what_cannot_be_fetched_is_said(self):
        with self.assertRaisesRegex(ValueError, "cue-conflict"):
            jem.fetch("cue", self.root)
        with mock.patch.dict(os.environ):
            os.environ.pop("JEM_DATA", None)
            with self.assertRaisesRegex(ValueError, "JEM_DATA"):
                jem.fetch("cifar10h")
        by_hand = [item.name for item in jem.catalogue().values() if item.by_hand]
        self.assertTrue(by_hand)
        with self.assertRaisesRegex(jem.DataError, "cannot be fetched by a program"):
            jem.fetch(by_hand[0], self.root)


if __name__ == "__main__":
    unittest.main()
