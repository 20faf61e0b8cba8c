"""Published data, loaded by Python's own means and held against the catalogue of libjem.

The same folders, hashes and memory (fetched.tsv) as `jem data fetch`, so that either goes on where the other was.
"""

import collections
import ctypes as c
import hashlib
import logging
import os
import shutil
import time

from . import _library as _l

Published = collections.namedtuple("Published", "name folder about licence cite page base files by_hand")
File = collections.namedtuple("File", "url path bytes sha256 member unpacked sign")

_HEADER = "path\tbytes\tsha256\turl\ttrust"
_ATTEMPTS, _STALL_S, _BLOCK = 5, 60, 1 << 20
_FILES_MOST = 1000000


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def catalogue():
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


def _load(url, place):
    """url -> place.part, with a few attempts."""
    import urllib.error  # here, since importing it takes longer than all of jem
    import urllib.request

    if "://" not in url:
        shutil.copyfile(url, place + ".part")
        return
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(2 ** (attempt - 1))
        try:
            with urllib.request.urlopen(url, timeout=_STALL_S) as source, open(place + ".part", "wb") as f:
                shutil.copyfileobj(source, f, _BLOCK)
                wanted = source.headers.get("Content-Length")
            if wanted is None or os.path.getsize(place + ".part") == int(wanted):
                return
            failure = f"ended after {os.path.getsize(place + '.part')} of {wanted} bytes"
        except urllib.error.HTTPError as error:
            failure = str(error)
            if error.code < 500:
                break
        except OSError as error:
            failure = str(error)
    raise OSError(f"{url}: {failure}; try again later, or name another place with source=")


def _get(item, file, root, source, ledger):
    """The whole, proven file; its path."""
    key = f"archives/{os.path.basename(file.url)}" if file.member else f"{item.folder}/{file.path}"
    place, url = os.path.join(root, key), os.path.join(source or item.base, file.url)
    known = ledger.lines.get(key)
    expected = file.sha256 or (known[2] if known else None)
    fresh = not os.path.exists(place)
    if fresh and not expected and url.startswith("http://"):
        raise ValueError(f"{url}: no hash of it is published, and over http anybody on the way could replace it; name an "
                         "https address or a folder with source=")
    if fresh:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        logging.getLogger("jem").info("loading %s", url)
        _load(url, place)
    here = place + ".part" if fresh else place
    found = _hash(here)
    if expected and found != expected:
        if fresh:
            os.remove(here)
        said = "published" if file.sha256 else "that of the first download (fetched.tsv)"
        raise _l.DataError(f"{here if not fresh else url}: SHA-256 {found}; {said} is {expected}; "
                           f"see {item.page}, or {'name another place with source=' if fresh else 'remove the file'}")
    if fresh:
        os.replace(here, place)
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


def fetch(name, root=None, source=None):
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
    os.makedirs(root, exist_ok=True)
    ledger = _Ledger(root)
    for file in item.files:
        to = os.path.join(folder, file.path) if file.path else folder
        if not (file.member and _there(to, file)):
            place = _get(item, file, root, source and os.fspath(source), ledger)
            if file.member:
                os.makedirs(os.path.dirname(to), exist_ok=True)
                _unpack(place, file, to)
    return folder
