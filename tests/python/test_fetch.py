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

    def test_a_source_without_the_file_leaves_nothing(self):
        with self.assertRaisesRegex(FileNotFoundError, "cue-conflict.tar.gz"):
            jem.fetch("cue-conflict", self.root, self.source)
        self.assertFalse(os.path.exists(self.root))

    def test_archives_that_point_elsewhere_are_not_unpacked(self):
        for i, (hostile, why) in enumerate((({"../x": b"x"}, "points outside"), ({"/x": b"x"}, "points outside"),
                             ({"cue-conflict/x": "/etc/passwd"}, "link"))):
            self.publish(**hostile)
            root = os.path.join(self.root, str(i))
            with self.assertRaisesRegex(jem.DataError, why):
                jem.fetch("cue-conflict", root, self.source)
            self.assertFalse(os.path.exists(os.path.join(root, "cue-conflict", "cue-conflict")))

    def serve(self, body, cut=(), etag=None, ranges=True):
        """The address of a server that sends `body`, of reply number i cut[i] bytes alone; self.asked: what it was asked."""
        self.asked = asked = []

        class Server(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                begin = int(self.headers["Range"][len("bytes="):-1]) if self.headers["Range"] and ranges else 0
                asked.append((self.headers["Range"], self.headers["If-Range"]))
                if self.headers["If-Range"] not in (None, etag):
                    begin = 0
                if begin >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206 if begin else 200)
                if begin:
                    self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
                if etag:
                    self.send_header("ETag", etag)
                self.send_header("Content-Length", str(len(body) - begin))
                self.end_headers()
                number = len(asked) - 1
                self.wfile.write(body[begin:][:cut[number]] if number < len(cut) else body[begin:])

            def log_message(self, *unused):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        return f"http://127.0.0.1:{server.server_port}"

    def get(self, address, body, proven=True):
        """Fetches a file of that content, whose hash is known if it is proven; its content."""
        digest = hashlib.sha256(body).hexdigest()
        item = _fetch.Published("set", "set", "", "", "", "PAGE", address, (), None)
        file = _fetch.File("file", "file", len(body) if proven else 0, digest if proven else None, None, 0, None)
        os.makedirs(self.root, exist_ok=True)
        with mock.patch("time.sleep"), open(_fetch._get(item, file, self.root, None, _fetch._Ledger(self.root)), "rb") as f:
            return f.read()

    def part(self, content, etag=None):
        place = os.path.join(self.root, "set", "file.part")
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as f:
            f.write(content)
        if etag:
            with open(place + ".etag", "w", encoding="utf-8") as f:
                f.write(etag)

    def test_it_goes_on_where_a_transfer_ended(self):
        body = bytes(range(200))
        self.assertEqual(self.get(self.serve(body, cut=(70, 50)), body), body)
        self.assertEqual([asked for asked, _ in self.asked], [None, "bytes=70-", "bytes=120-"])
        self.assertEqual(os.listdir(os.path.join(self.root, "set")), ["file"])

    def test_it_goes_on_where_an_earlier_call_ended(self):
        body = bytes(range(200))
        self.part(body[:90])
        self.assertEqual(self.get(self.serve(body), body), body)
        self.assertEqual(self.asked, [("bytes=90-", None)])

    def test_an_old_part_of_another_file_costs_one_more_transfer(self):
        body = bytes(range(200))
        self.part(b"x" * 90)
        self.assertEqual(self.get(self.serve(body), body), body)
        self.assertEqual([asked for asked, _ in self.asked], ["bytes=90-", None])

    def test_a_part_that_is_longer_than_the_file_is_dropped(self):
        body = bytes(range(200))
        self.part(b"x" * 201)
        self.assertEqual(self.get(self.serve(body), body), body)
        self.assertEqual([asked for asked, _ in self.asked], [None])

    def test_a_server_without_ranges_sends_all_of_it(self):
        body = bytes(range(200))
        self.assertEqual(self.get(self.serve(body, cut=(70,), ranges=False), body), body)

    def test_what_is_wrong_twice_is_refused_and_removed(self):
        body = bytes(range(200))
        self.part(body[:90])
        address = self.serve(b"y" * 200)
        with self.assertRaisesRegex(jem.DataError, "file: SHA-256 .*; published is .*another place"):
            self.get(address, body)
        self.assertEqual(os.listdir(os.path.join(self.root, "set")), [])

    def test_without_a_hash_the_same_etag_of_the_same_address_is_gone_on_with(self):
        body = bytes(range(200))
        address = self.serve(body, etag='"one"')
        part = _fetch._Part(os.path.join(self.temporary.name, "f"), address + "/f", False)
        self.assertEqual(part.size, 0)
        part.close(keep=False)
        for etag, first in ((f'"one"\n{address}/f\n', "bytes=90-"), (f'"two"\n{address}/f\n', "bytes=90-"),
                            (f'"one"\n{address}/g\n', None), (None, None)):
            place = os.path.join(self.temporary.name, "f")
            with open(place + ".part", "wb") as f:
                f.write(body[:90])
            if etag:
                with open(place + ".part.etag", "w", encoding="utf-8") as f:
                    f.write(etag)
            self.asked.clear()
            part = _fetch._Part(place, address + "/f", False)
            _fetch._load(part, address + "/f")
            part.close(keep=True)
            with open(place + ".part", "rb") as f:
                self.assertEqual(f.read(), body)
            self.assertEqual(self.asked[0][0], first)
            with open(place + ".part.etag", encoding="utf-8") as f:
                self.assertEqual(f.read(), f'"one"\n{address}/f\n')
            os.remove(place + ".part.etag")

    def test_a_transfer_that_brings_nothing_leaves_nothing(self):
        with self.assertRaisesRegex(OSError, "416"):
            self.get(self.serve(b""), b"content")
        self.assertEqual(os.listdir(os.path.join(self.root, "set")), [])

    def test_a_part_that_is_a_link_is_refused(self):
        body = bytes(range(200))
        os.makedirs(os.path.join(self.root, "set"))
        victim = os.path.join(self.temporary.name, "victim")
        with open(victim, "wb") as f:
            f.write(b"precious")
        os.symlink(victim, os.path.join(self.root, "set", "file.part"))
        with self.assertRaises(OSError):
            self.get(self.serve(body), body)
        with open(victim, "rb") as f:
            self.assertEqual(f.read(), b"precious")

    def test_over_http_nothing_without_a_hash_is_taken(self):
        with self.assertRaisesRegex(ValueError, "anybody on the way"):
            jem.fetch("cue-conflict", self.root, self.serve(b""))

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
