"""Published data, loaded by Python's own means and held against the catalogue of libjem.

The same folders, hashes and memory (fetched.tsv) as `jem data fetch`, so that either goes on where the other was.
"""

from __future__ import annotations

import collections
import ctypes as c
import hashlib
import logging
import os
import shutil
import stat
import time
import typing

from . import _library as _l

if typing.TYPE_CHECKING:
    from ._types import Path

Published = collections.namedtuple("Published", "name folder about licence cite page base files by_hand")
File = collections.namedtuple("File", "url path bytes sha256 member unpacked sign")

_HEADER = "path\tbytes\tsha256\turl\ttrust"
_ATTEMPTS, _STALL_S, _BLOCK = 5, 60, 1 << 20
_FILES_MOST = 1000000


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def catalogue() -> dict[str, Published]:
    """What can be fetched: {name: Published}, with licence, citation and files."""
    found = {}
    for i in range(_l.lib.jem_catalogue_count()):
        item = _l.CatalogueItem(c.sizeof(_l.CatalogueItem))
        _l.call("jem_catalogue_at", c.byref(item), i)
        files = []
        for k in range(item.files):
            file = _l.CatalogueFile(c.sizeof(_l.CatalogueFile))
            _l.call("jem_catalogue_file_at", c.byref(file), i, k)
            files.append(File(*(_text(getattr(file, name)) for name in File._fields)))
        values = {name: _text(getattr(item, name)) for name in Published._fields if name != "files"}
        found[values["name"]] = Published(files=tuple(files), **values)
    return found


class _Ledger:
    """ROOT/fetched.tsv: what each file hashed to when it came; of files without a published hash the first counts."""

    def __init__(self, root):
        self.path, self.lines = os.path.join(root, "fetched.tsv"), {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as f:
                rows = [line.rstrip("\n").split("\t") for line in f][1:]
            for row in rows:
                if len(row) not in (4, 5) or len(row[2]) != 64:
                    raise _l.DataError(f"{self.path}: not as jem writes it; remove the file if you do not need what it "
                                       "remembers")
            self.lines = {row[0]: row for row in rows}

    def note(self, *row):
        self.lines[row[0]] = list(row)
        with open(self.path + ".part", "w", encoding="utf-8") as f:
            f.write("\n".join([_HEADER, *("\t".join((*r, "unknown")[:5]) for r in self.lines.values())]) + "\n")
        os.replace(self.path + ".part", self.path)


def _hash(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


class _Part:
    """PLACE.part, which grows, is proven, and only then gets its name, as the program's: what an earlier try left is gone on
    with if it can be the same file, one whose hash is known (proven), or that the address still gives under the ETag kept in
    PLACE.part.etag."""

    def __init__(self, place, url, proven):
        self.path, self.url, self.proven, self.etag = place + ".part", url, proven, ""
        self.file = open(self.path, "r+b", opener=self._open)
        if not proven:
            self._read_etag()
        if not (proven or self.etag):
            self.empty()
        self.file.seek(0, os.SEEK_END)
        self.resumed = self.size > 0  # it may hold bytes of several transfers

    @staticmethod
    def _open(path, flags):
        # Anybody can guess the name, and where many write into one folder put a link there.
        number = os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        there = os.fstat(number)
        if not stat.S_ISREG(there.st_mode) or there.st_nlink != 1 or there.st_uid != os.geteuid():
            os.close(number)
            raise OSError(f"{path}: is no file of yours alone; remove it and fetch again")
        return number

    def _read_etag(self):
        try:
            with open(self.path + ".etag", encoding="utf-8") as f:
                etag, url = f.read().split("\n")[:2]
            self.etag = etag if url == self.url else ""
        except (FileNotFoundError, ValueError):
            pass

    @property
    def size(self):
        return self.file.tell()

    def empty(self):
        self.file.truncate(0)
        self.file.seek(0)
        self.resumed, self.etag = False, ""
        if os.path.exists(self.path + ".etag"):
            os.remove(self.path + ".etag")

    def keep_etag(self, etag):
        if self.proven or not (etag or "").startswith('"'):  # a weak one does not promise the same bytes
            return
        self.etag = etag
        with open(self.path + ".etag", "w", encoding="utf-8") as f:
            f.write(f"{etag}\n{self.url}\n")

    def hash(self):
        self.file.flush()
        return _hash(self.path)

    def close(self, keep):
        keep = keep and self.size > 0
        self.file.close()
        for path in (self.path, self.path + ".etag"):
            if not keep and os.path.exists(path):
                os.remove(path)


def _transfer(part, url):
    """One transfer from where the part ends; what went wrong, or None."""
    import urllib.request  # here, since importing it takes longer than all of jem

    request = urllib.request.Request(url)
    if part.size:
        request.add_header("Range", f"bytes={part.size}-")
        if part.etag:
            request.add_header("If-Range", part.etag)
    with urllib.request.urlopen(request, timeout=_STALL_S) as source:
        if url.startswith("https:") and not source.geturl().startswith("https:"):
            raise OSError(f"it leads to {source.geturl()}, and over http anybody on the way could replace it")
        if part.size and not (source.headers.get("Content-Range") or "").startswith(f"bytes {part.size}-"):
            part.empty()  # all of it comes
        if part.size:
            part.resumed = True
        else:
            part.keep_etag(source.headers.get("ETag"))
        before, wanted = part.size, source.headers.get("Content-Length")
        shutil.copyfileobj(source, part.file, _BLOCK)
    if wanted is None or part.size == before + int(wanted):
        return None
    return f"ended after {part.size} of {before + int(wanted)} bytes"


def _load(part, url, size=0):
    """All of url into the part, with a few attempts; size: of the file, 0 if it is not known."""
    import urllib.error

    if "://" not in url:
        part.empty()
        with open(url, "rb") as source:
            shutil.copyfileobj(source, part.file, _BLOCK)
        return
    if size and part.size > size:
        part.empty()
    failure = None
    for attempt in range(_ATTEMPTS):
        if size and part.size == size:
            return
        if attempt:
            time.sleep(2 ** (attempt - 1))
            if not (part.proven or part.etag):
                part.empty()
        try:
            failure = _transfer(part, url)
            if failure is None:
                return
        except urllib.error.HTTPError as error:
            failure = str(error)
            if error.code == 416 and part.size:  # it does not have so many bytes
                part.empty()
            elif error.code < 500:
                break
        except OSError as error:
            failure = str(error)
    kept = f"{part.size} bytes are kept in {part.path}; " if part.size else ""
    raise OSError(f"{url}: {failure}; {kept}try again later, or name another place with source=")


def _get(item, file, root, source, ledger):
    """The whole, proven file; its path."""
    key = f"archives/{os.path.basename(file.url)}" if file.member else f"{item.folder}/{file.path}"
    place, url = os.path.join(root, key), os.path.join(source or item.base, file.url)
    known = ledger.lines.get(key)
    expected = file.sha256 or (known[2] if known else None)
    said = "published" if file.sha256 else "that of the first download (fetched.tsv)"

    def refusal(what, found, remedy):
        return _l.DataError(f"{what}: SHA-256 {found}; {said} is {expected}; see {item.page}, or {remedy}")

    if os.path.exists(place):
        found = _hash(place)
        if expected and found != expected:
            raise refusal(place, found, "remove the file")
        return place
    if not expected and url.startswith("http://"):
        raise ValueError(f"{url}: no hash of it is published, and over http anybody on the way could replace it; name an "
                         "https address or a folder with source=")
    if "://" not in url:
        open(url, "rb").close()  # fails before anything is made
    os.makedirs(os.path.dirname(place), exist_ok=True)
    logging.getLogger("jem").info("loading %s", url)
    part, keep = _Part(place, url, bool(expected)), True
    try:
        _load(part, url, file.bytes)
        found = part.hash()
        if expected and found != expected and part.resumed:  # an old part may be to blame
            part.empty()
            _load(part, url, file.bytes)
            found = part.hash()
        keep = not expected or found == expected
        if not keep:
            raise refusal(url, found, "name another place with source=")
        os.replace(part.path, place)
        keep = False
    finally:
        part.close(keep)
    trust = "hash" if file.sha256 else known[-1] if known else "https" if "://" in url else "here"
    ledger.note(key, str(os.path.getsize(place)), found, url, trust)
    return place


def _entries(archive, member, most):
    """(entry, path below the member) of the files wanted; refuses what points elsewhere or never ends."""
    count = total = 0
    for entry in archive:
        parts = [p for p in entry.name.split("/") if p not in ("", ".")]
        count, total = count + 1, total + entry.size
        if entry.name.startswith("/") or ".." in parts:
            raise _l.DataError(f"'{entry.name}' points outside: such an archive is not unpacked")
        if parts[:1] != [member] or any(p.startswith(".") for p in parts) or len(parts) < 2 or entry.isdir():
            continue
        if not entry.isreg():
            raise _l.DataError(f"'{entry.name}' is a link or a device: such an archive is not unpacked")
        if count > _FILES_MOST or total > most:
            raise _l.DataError(f"it unpacks to more than {_FILES_MOST} files or the {most} bytes that it may")
        yield entry, os.path.join(*parts[1:])


def _unpack(path, file, to):
    """The archive's folder `member` becomes `to`, whole or not at all."""
    import tarfile

    staging = to + ".unpacking"
    shutil.rmtree(staging, ignore_errors=True)
    os.makedirs(staging)
    most = 2 * file.unpacked or 8 * os.path.getsize(path) + 64000000
    try:
        with tarfile.open(path) as archive:
            for entry, below in _entries(archive, file.member, most):
                os.makedirs(os.path.dirname(os.path.join(staging, below)), exist_ok=True)
                with archive.extractfile(entry) as source, open(os.path.join(staging, below), "xb") as f:
                    shutil.copyfileobj(source, f, _BLOCK)
        if not os.listdir(staging):
            raise _l.DataError(f"it holds nothing of {file.member}")
        if os.path.isdir(to):
            os.rmdir(to)  # empty: see _there
        os.replace(staging, to)
    except (tarfile.TarError, EOFError, _l.DataError) as error:
        raise _l.DataError(f"{path}: {error}; remove it to have it fetched again") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    os.remove(path)


def _there(folder, file):
    if file.sign:
        return os.path.exists(os.path.join(folder, file.sign))
    return os.path.isdir(folder) and len(os.listdir(folder)) > 0


def fetch(name: str, root: Path | None = None, source: str | None = None) -> str:
    """Loads published data ("cue-conflict", "cifar10h", ...: see catalogue()), proves and unpacks them; returns their folder.

    root: the folder of all data, as JEM_DATA (the default); what is there already is not loaded again.  source: another
    address or a folder that has the same files.  Licence and citation are told to the logger "jem"."""
    items = catalogue()
    if name not in items:
        raise ValueError(f"{name}: not among what can be fetched, which is {', '.join(items)}")
    item, root = items[name], root or os.environ.get("JEM_DATA")
    if not root:
        raise ValueError(f"say where the data go: root=, or set JEM_DATA; {item.folder} would be made in it")
    root = os.path.abspath(os.fspath(root))
    folder = os.path.join(root, item.folder)
    if item.by_hand:
        if os.path.isdir(folder):
            return folder
        raise _l.DataError(f"{name} cannot be fetched by a program: {item.by_hand}; it belongs in {folder}")
    logging.getLogger("jem").info("%s: %s; licence: %s; cite: %s", name, item.about, item.licence, item.cite)
    ledger = _Ledger(root)
    for file in item.files:
        to = os.path.join(folder, file.path) if file.path else folder
        if not (file.member and _there(to, file)):
            place = _get(item, file, root, source and os.fspath(source), ledger)
            if file.member:
                os.makedirs(os.path.dirname(to), exist_ok=True)
                _unpack(place, file, to)
    return folder
