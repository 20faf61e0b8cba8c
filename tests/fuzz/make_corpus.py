#!/usr/bin/env python3
"""Writes the hand-made part of tests/fuzz/corpus: files that promise too much, end too
early or contradict themselves.  Files called real-* were written by jem and by libjpeg,
or are the first lines of published data; they are only read here.

    python3 tests/fuzz/make_corpus.py          (needs nothing but Python)
    python3 tests/fuzz/make_corpus.py DIR      files of 20 MB that ask for much memory or
                                               time, as DIR/READER/*, for a replay by hand:
                                               build-sanitize/tests/fuzz/fuzz_csv DIR/csv
"""
import io
import json
import os
import struct
import sys
import zipfile
import zlib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
LIMIT = 8192


def put(reader, name, data):
    folder = os.path.join(ROOT, reader)
    os.makedirs(folder, exist_ok=True)
    if isinstance(data, str):
        data = data.encode()
    assert len(data) <= LIMIT, (reader, name, len(data))
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def real(reader, name):
    with open(os.path.join(ROOT, reader, name), "rb") as f:
        return f.read()


# ---- npy
def npy(header, data=b"", version=1, length=None):
    if isinstance(header, str):
        header = header.encode()
    n = len(header) if length is None else length
    size = struct.pack("<H", n & 0xFFFF) if version == 1 else struct.pack("<I", n)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + data


def npy_header(descr="<f4", order="False", shape="(2, 3)"):
    return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n" % (descr, order, shape)


def make_npy():
    f32 = struct.pack("<6f", 1, -2, 3.5, 0, 1e-40, 1e38)
    put("npy", "f32", npy(npy_header(), f32))
    put("npy", "f64-scalar", npy(npy_header("<f8", shape="()"), struct.pack("<d", 2.5)))
    put("npy", "i32", npy(npy_header("<i4", shape="(3,)"), struct.pack("<3i", 1, -1, 2**31 - 1)))
    put("npy", "i64", npy(npy_header("<i8", shape="(1,1,1)"), struct.pack("<q", -2**63)))
    put("npy", "u8-version-2", npy(npy_header("|u1", shape="(2,2)"), b"\0\1\2\xff", version=2))
    put("npy", "b1-version-3", npy(npy_header("|b1", shape="(4,)"), b"\0\1\1\0", version=3))
    put("npy", "not-a-number", npy(npy_header(shape="(2,)"), struct.pack("<2f", float("nan"), float("inf"))))
    put("npy", "nothing", b"")
    put("npy", "magic-alone", b"\x93NUMPY")
    put("npy", "empty-array", npy(npy_header(shape="(0, 9223372036854775807)")))
    put("npy", "empty-array-huge", npy(npy_header(shape="(4294967296, 4294967296, 0)")))
    put("npy", "no-data", npy(npy_header()))
    put("npy", "one-byte-short", npy(npy_header(), f32[:-1]))
    put("npy", "one-byte-more", npy(npy_header(), f32 + b"\0"))
    put("npy", "huge-shape", npy(npy_header(shape="(4294967296, 4294967296)")))
    put("npy", "huge-product", npy(npy_header("<f8", shape="(3037000500, 3037000500)")))
    put("npy", "huge-bytes", npy(npy_header("<f8", shape="(1152921504606846976,)")))
    put("npy", "size-overflows", npy(npy_header(shape="(99999999999999999999999,)")))
    put("npy", "negative-size", npy(npy_header(shape="(-1, 3)"), f32))
    put("npy", "nine-dimensions", npy(npy_header(shape="(" + "1," * 9 + ")"), f32[:4]))
    put("npy", "eight-dimensions", npy(npy_header(shape="(" + "1," * 8 + ")"), f32[:4]))
    put("npy", "header-too-long", npy(npy_header(), f32, length=65535))
    put("npy", "header-4-gigabytes", npy(npy_header(), f32, version=2, length=0xFFFFFFFF))
    put("npy", "version-9", npy(npy_header(), f32, version=9))
    put("npy", "fortran-order", npy(npy_header(order="True"), f32))
    put("npy", "big-endian", npy(npy_header(">f4"), f32))
    put("npy", "objects", npy(npy_header("|O"), b"cos\nsystem\n"))
    put("npy", "structured", npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", f32[:4]))
    put("npy", "key-twice", npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", f32[:4]))
    put("npy", "key-missing", npy("{'descr': '<f4', 'shape': (1,)}", f32[:4]))
    put("npy", "key-unknown", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", f32[:4]))
    put("npy", "word-without-end", npy("{'descr': '<f4", f32))
    put("npy", "deep-brackets", npy("{" * 2000, f32))
    put("npy", "code", npy("__import__('os').system('true')", f32))


# ---- npz
def npz(arrays, compressed=False):
    """What numpy.savez and savez_compressed write, as they write it."""
    out = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", kind, allowZip64=True) as z:
        for name, data in arrays:
            member = zipfile.ZipInfo(name)
            member.compress_type = kind
            with z.open(member, "w", force_zip64=True) as f:
                f.write(data)
    return out.getvalue()


def make_npz():
    pixels = bytes(i * 37 % 251 for i in range(8 * 3 * 4 * 4))
    images = ("images.npy", npy(npy_header("|u1", shape="(8, 3, 4, 4)"), pixels))
    labels = ("labels.npy", npy(npy_header("<i8", shape="(8,)"), struct.pack("<8q", *[i % 2 for i in range(8)])))
    small = ("a.npy", npy(npy_header("|u1", shape="(4,)"), b"abcd"))
    put("npz", "savez", npz([images, labels]))
    put("npz", "savez_compressed", npz([images, labels], True))
    stored, deflated = npz([small]), npz([images], True)
    put("npz", "one", stored)
    put("npz", "nothing", b"")
    put("npz", "empty", npz([]))
    put("npz", "no-array", npz([("a.txt", b"text"), ("b/", b"")]))
    put("npz", "not-an-array", npz([("a.npy", b"text")]))
    put("npz", "key-twice", npz([small, small]))
    put("npz", "key-odd", npz([("\u00e9\n../\u20ac.npy", small[1]), (".npy", small[1])]))
    put("npz", "cut", stored[:-9])
    put("npz", "bad-checksum", stored.replace(b"abcd", b"abce"))
    put("npz", "bad-deflate", deflated[:90] + bytes(60) + deflated[150:])
    put("npz", "size-lies", stored.replace(struct.pack("<I", len(small[1])), struct.pack("<I", 7)))
    put("npz", "bomb-4-gigabytes", stored.replace(struct.pack("<I", len(small[1])), b"\xff\xff\xff\xfe"))
    zeros = 13 << 20
    put("npz", "bomb", npz([("a.npy", bytes(1 << 20))], True).replace(struct.pack("<I", 1 << 20), struct.pack("<I", zeros)))
    many = npz([("%d.npy" % i, b"") for i in range(60)])
    put("npz", "many", many)
    put("npz", "npy-alone", small[1])


# ---- safetensors
def st(header, data=b"", length=None):
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def make_safetensors():
    eight = struct.pack("<2f", 1, 2)
    put("safetensors", "one", st({"a": entry()}, eight))
    put("safetensors", "metadata", st({"__metadata__": {"jem.name": "x", "k": "v"}, "a": entry()}, eight))
    put("safetensors", "dtypes", st({"a": entry("F64", (1,), (0, 8)), "b": entry("BF16", (2,), (8, 12)),
        "c": entry("I32", (1,), (12, 16)), "d": entry("I64", (), (16, 24)), "e": entry("U8", (1,), (24, 25))}, b"\1" * 25))
    put("safetensors", "no-tensors", st({}))
    put("safetensors", "empty-tensor", st({"a": entry(shape=(0, 5), offsets=(0, 0)), "b": entry()}, eight))
    put("safetensors", "empty-tensor-huge", st({"a": entry(shape=(2**32, 2**32, 0), offsets=(0, 0))}))
    put("safetensors", "nothing", b"")
    put("safetensors", "seven-bytes", b"\0" * 7)
    put("safetensors", "header-outside", st({"a": entry()}, eight, length=10**6))
    put("safetensors", "header-2-to-63", st({"a": entry()}, eight, length=2**63))
    put("safetensors", "header-all-ones", st({"a": entry()}, eight, length=2**64 - 1))
    put("safetensors", "truncated", st({"a": entry()}, eight)[:-3])
    put("safetensors", "rest", st({"a": entry()}, eight + b"x"))
    put("safetensors", "hole", st({"a": entry(), "b": entry(offsets=(12, 20))}, eight + eight + b"1234"))
    put("safetensors", "overlap", st({"a": entry(), "b": entry(offsets=(4, 12))}, eight + b"1234"))
    put("safetensors", "same-place", st({"a": entry(), "b": entry()}, eight))
    put("safetensors", "offsets-backwards", st({"a": entry(offsets=(8, 0))}, eight))
    put("safetensors", "offsets-negative", st({"a": entry(offsets=(-8, 0))}, eight))
    put("safetensors", "offsets-huge", st({"a": entry(offsets=(0, 2**63 - 1))}, eight))
    put("safetensors", "offsets-beyond-64-bits", st('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,99999999999999999999]}}', eight))
    put("safetensors", "offsets-real", st('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}}', eight))
    put("safetensors", "shape-overflows", st({"a": entry(shape=(2**62, 2**62))}, eight))
    put("safetensors", "shape-wraps-to-size", st({"a": entry(shape=(2**62, 4, 2), offsets=(0, 0))}))
    put("safetensors", "shape-negative", st({"a": entry(shape=(-1, -2))}, eight))
    put("safetensors", "nine-dimensions", st({"a": entry(shape=(1,) * 8 + (2,))}, eight))
    put("safetensors", "dtype-unknown", st({"a": entry("F8_E4M3", (8,))}, eight))
    put("safetensors", "dtype-number", st({"a": {"dtype": 4, "shape": [2], "data_offsets": [0, 8]}}, eight))
    put("safetensors", "fourth-key", st({"a": dict(entry(), x=1)}, eight))
    put("safetensors", "name-twice", st('{"a":%s,"a":%s}' % (json.dumps(entry()), json.dumps(entry())), eight))
    put("safetensors", "key-twice", st('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', eight))
    put("safetensors", "name-with-nul", st('{"a\\u0000b":%s}' % json.dumps(entry()), eight))
    put("safetensors", "name-4000-long", st({"n" * 4000: entry()}, eight))
    put("safetensors", "not-utf8", st(b'{"\xff\xfe":' + json.dumps(entry()).encode() + b"}", eight))
    put("safetensors", "array", st("[1,2]", eight))
    put("safetensors", "deep", st('{"a":' + "[" * 3000, eight))
    put("safetensors", "deep-closed", st('{"a":' + "[" * 1500 + "]" * 1500 + "}", eight))
    put("safetensors", "metadata-of-numbers", st({"__metadata__": {"k": 1}, "a": entry()}, eight))
    put("safetensors", "metadata-list", st({"__metadata__": [], "a": entry()}, eight))
    put("safetensors", "not-finite", st({"a": entry()}, struct.pack("<2f", float("nan"), float("-inf"))))
    put("safetensors", "checksum-wrong", st({"__metadata__": {"jem.checksum": "0123456789abcdef" * 2}, "a": entry()}, eight))
    put("safetensors", "checksum-short", st({"__metadata__": {"jem.checksum": "12"}, "a": entry()}, eight))
    put("safetensors", "many-empty", st({"%x" % i: entry(shape=(0,), offsets=(0, 0)) for i in range(60)}))


# ---- CIFAR-10: see fuzz_cifar10.c for the first byte
def make_cifar10():
    record = bytes([3]) + bytes(i * 7 % 256 for i in range(3072))
    names = b"\n".join(b"class%d" % i for i in range(10)) + b"\n"
    put("cifar10", "one-record", b"\xff" + record)
    put("cifar10", "two-records", b"\xff" + record * 2)
    put("cifar10", "named", bytes([len(names)]) + names + record)
    put("cifar10", "named-crlf", bytes([len(names) + 10]) + names.replace(b"\n", b"\r\n") + record)
    put("cifar10", "nothing", b"\xff")
    put("cifar10", "one-byte-short", b"\xff" + record[:-1])
    put("cifar10", "one-byte-more", b"\xff" + record + b"\0")
    put("cifar10", "label-10", b"\xff" + bytes([10]) + record[1:])
    put("cifar10", "label-255-second", b"\xff" + record + bytes([255]) + record[1:])
    put("cifar10", "nine-names", bytes([len(names) - 7]) + names[:-7] + record)
    put("cifar10", "eleven-names", bytes([len(names) + 2]) + names + b"x\n" + record)
    put("cifar10", "names-empty", b"\0" + record)
    put("cifar10", "names-with-nul", bytes([40]) + b"a\0b\nc\n" * 6 + b"dddd" + record)
    put("cifar10", "names-not-utf8", bytes([len(names)]) + names.replace(b"c", b"\xff") + record)


# ---- PNG
def chunk(kind, data, crc=None, length=None):
    crc = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data) if length is None else length) + kind + data + struct.pack(">I", crc)


def png(width=4, height=4, depth=8, colour=2, interlace=0, pixels=None, extra=b"", end=True, method=0):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(colour, 1)
    if pixels is None:
        row = (width * depth * channels + 7) // 8
        pixels = b"".join(bytes([y % 5]) + bytes((x * 37 + y) % 256 for x in range(row)) for y in range(height))
    out = b"\x89PNG\r\n\x1a\n"
    out += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, method, 0, interlace))
    out += extra + chunk(b"IDAT", zlib.compress(pixels, 9))
    return out + (chunk(b"IEND", b"") if end else b"")


def make_png():
    palette = chunk(b"PLTE", bytes(range(12)))
    put("png", "rgb", png())
    put("png", "rgba-16-bit", png(depth=16, colour=6))
    put("png", "grey-1-bit", png(9, 3, 1, 0))
    put("png", "grey-alpha", png(colour=4))
    put("png", "palette-2-bit", png(5, 5, 2, 3, extra=palette + chunk(b"tRNS", b"\0\x80")))
    put("png", "palette-missing", png(5, 5, 2, 3))
    put("png", "palette-too-short", png(5, 5, 8, 3, extra=chunk(b"PLTE", b"123")))
    put("png", "interlaced", png(8, 8, interlace=1, pixels=b"\0" * 2000))
    put("png", "interlaced-1x1", png(1, 1, 1, 0, 1, pixels=b"\0\x80"))
    put("png", "interlace-unknown", png(interlace=2))
    put("png", "no-pixels", png(0, 4, pixels=b""))
    put("png", "wide-2-to-31", png(2**31 - 1, 1, pixels=b"\0" * 64))
    put("png", "16385-wide", png(16385, 1, 1, 0, pixels=b"\0" * 2050))
    put("png", "805-megabytes", png(16384, 16384, 8, 2, pixels=b"\0" * 4096))
    put("png", "805-megabytes-interlaced", png(16384, 16384, 8, 2, 1, pixels=b"\0" * 4096))
    put("png", "48-megabytes-1-bit", png(4096, 4096, 1, 0, pixels=b"\0" * (513 * 4096)))
    put("png", "64-megabytes-1-bit", png(4730, 4730, 1, 0, pixels=b"\0" * (592 * 4730)))
    put("png", "bomb-in-idat", png(4, 4, pixels=b"\0" * 4000000))
    put("png", "bomb-in-text", png(extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 3000000, 9)) * 2))
    put("png", "bomb-in-profile", png(extra=chunk(b"iCCP", b"k\0\0" + zlib.compress(b"a" * 4000000, 9))))
    put("png", "many-texts", png(extra=chunk(b"tEXt", b"k\0v") * 200))
    put("png", "bad-checksum", png(extra=chunk(b"gAMA", struct.pack(">I", 45455), crc=1)))
    put("png", "gamma-0", png(extra=chunk(b"gAMA", struct.pack(">I", 0))))
    put("png", "transparent-colour", png(extra=chunk(b"tRNS", b"\0\1\0\2\0\3")))
    put("png", "truncated", png()[:-30])
    put("png", "no-end", png(end=False))
    put("png", "no-data", png().replace(b"IDAT", b"JDAT"))
    put("png", "header-twice", png(extra=png()[8:33]))
    put("png", "chunk-4-gigabytes", png(extra=chunk(b"tEXt", b"k\0v", length=0xFFFFFFFF)))
    put("png", "chunk-2-gigabytes", png(extra=chunk(b"IDAT", b"k\0v", length=0x7FFFFFFF)))
    put("png", "filter-9", png(pixels=b"\x09" + b"\0" * 12))
    put("png", "depth-3", png(depth=3))
    put("png", "colour-5", png(colour=5))
    put("png", "unknown-critical", png(extra=chunk(b"ABCD", b"1234")))
    put("png", "signature-alone", b"\x89PNG\r\n\x1a\n")


# ---- JPEG, out of libjpeg's files
def segment_at(data, *markers):
    at = 2
    while data[at] == 0xFF:
        if data[at + 1] in markers:
            return at
        at += 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
    raise ValueError("no such segment")


def resized(data, height, width):
    at = segment_at(data, 0xC0, 0xC2) + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4:]


def make_jpeg():
    base, scans = real("jpeg", "real-baseline"), real("jpeg", "real-progressive")
    sof, sos = segment_at(base, 0xC0), segment_at(base, 0xDA)
    put("jpeg", "start-alone", b"\xff\xd8\xff")
    put("jpeg", "no-picture", b"\xff\xd8\xff\xd9")
    put("jpeg", "truncated", base[:len(base) * 2 // 3])
    put("jpeg", "truncated-progressive", scans[:len(scans) * 2 // 3])
    put("jpeg", "no-end", base[:-2])
    put("jpeg", "0-high", resized(base, 0, 16))
    put("jpeg", "65535-square", resized(base, 65535, 65535))
    put("jpeg", "805-megabytes", resized(base, 16384, 16384))
    put("jpeg", "805-megabytes-progressive", resized(scans, 16384, 16384))
    put("jpeg", "too-large-for-its-bytes", resized(base, 2000, 2000))
    put("jpeg", "too-large-for-its-bytes-progressive", resized(scans, 1000, 1000))
    first = segment_at(scans, 0xDA)
    tail = scans[first:-2]
    put("jpeg", "scans-repeated", (scans[:-2] + tail * 40)[:8000] + b"\xff\xd9")
    grey = real("jpeg", "real-grey-progressive")
    first = segment_at(grey, 0xDA)
    end = first + 10
    while grey[end] != 0xFF or grey[end + 1] == 0:
        end += 1
    put("jpeg", "400-scans", grey[:end] + grey[first:end] * 400 + b"\xff\xd9")
    put("jpeg", "four-components", base[:sof + 9] + b"\x04" + base[sof + 10:])
    put("jpeg", "no-components", base[:sof + 9] + b"\x00" + base[sof + 10:])
    put("jpeg", "sampling-0", base[:sof + 11] + b"\x00" + base[sof + 12:])
    put("jpeg", "sampling-15", base[:sof + 11] + b"\xff" + base[sof + 12:])
    put("jpeg", "12-bit", base[:sof + 4] + b"\x0c" + base[sof + 5:])
    put("jpeg", "arithmetic", base[:sof + 1] + b"\xc9" + base[sof + 2:])
    put("jpeg", "lossless", base[:sof + 1] + b"\xc3" + base[sof + 2:])
    put("jpeg", "header-twice", base[:sos] + base[sof:])
    put("jpeg", "segment-length-0", base[:sof + 2] + b"\x00\x00" + base[sof + 4:])
    put("jpeg", "no-tables", base[:2] + base[sof:sof + 19] + base[sos:])
    put("jpeg", "comment-64k", base[:2] + b"\xff\xfe\xff\xff" + b"x" * 2000)
    put("jpeg", "restart-every-block", base[:sos] + b"\xff\xdd\x00\x04\x00\x01" + base[sos:])
    put("jpeg", "markers", base[:sos] + b"\xff\xd0\xff\xd1" * 40 + base[sos:])


# ---- YAML: the table of fuzz_yaml.c
def make_yaml():
    put("yaml", "all-keys", "# settings\nflag: false\ncount: 7\nrate: 0.25\nname: \"a\\tb\\u00e9\"\nchoice: constant\nlist: [1, -2.5, 3e0]\n\na:\n  b:\n    rate: 1\n    name: plain text\n    list: []\n")
    put("yaml", "dotted", "a.b.count: 12\ncount: 13\n")
    put("yaml", "empty", "")
    put("yaml", "comments", "# nothing\n\n---\n")
    put("yaml", "key-twice", "count: 1\ncount: 2\n")
    put("yaml", "key-twice-dotted", "a:\n  b:\n    count: 1\na.b.count: 2\n")
    put("yaml", "key-unknown", "cuont: 1\n")
    put("yaml", "out-of-range", "count: 1001\n")
    put("yaml", "beyond-64-bits", "count: 99999999999999999999\n")
    put("yaml", "not-a-number", "rate: .nan\n")
    put("yaml", "nan", "rate: nan\n")
    put("yaml", "infinite", "list: [1e999]\n")
    put("yaml", "hexadecimal", "rate: 0x1p-2\n")
    put("yaml", "list-too-long", "list: [" + ", ".join(["1"] * 17) + "]\n")
    put("yaml", "list-endless", "list: [" + "1," * 3000)
    put("yaml", "list-of-lists", "list: [[1]]\n")
    put("yaml", "list-of-words", "list: [one]\n")
    put("yaml", "deep-flow", "name: " + "[" * 4000)
    put("yaml", "deep-map-flow", "a: " + "{a: " * 1500)
    put("yaml", "deep-block", "".join(" " * i + "a:\n" for i in range(100)))
    put("yaml", "deep-dashes", "- " * 2000)
    put("yaml", "aliases", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n")
    put("yaml", "alias-of-itself", "&a name: *a\n")
    put("yaml", "tag", "name: !!python/object/apply:os.system [true]\n")
    put("yaml", "merge", "a:\n  <<: {b: 1}\n")
    put("yaml", "two-documents", "count: 1\n---\ncount: 2\n")
    put("yaml", "directive", "%YAML 9.9\n---\ncount: 1\n")
    put("yaml", "tabs", "a:\n\tb: 1\n")
    put("yaml", "nul", b"name: \"a\\0b\"\n")
    put("yaml", "nul-raw", b"name: a\0b\n")
    put("yaml", "not-utf8", b"name: \xff\xfe\n")
    put("yaml", "utf16", "\ufeffcount: 5\n".encode("utf-16-le"))
    put("yaml", "name-too-long", "name: " + "x" * 2000 + "\n")
    put("yaml", "key-too-long", "k" * 1500 + ": 1\n")
    put("yaml", "block-text", "name: |\n  one\n  two\n")
    put("yaml", "no-value", "count:\na:\n")
    put("yaml", "complex-key", "? [a]\n: 1\n")
    put("yaml", "quote-open", "name: \"abc\n")


# ---- CSV
def make_csv():
    put("csv", "plain", "scene_num,gloss_cat,light\n1,matte,sun\n2,glossy,lamp\n")
    put("csv", "quoted", '\ufeffa,"b ""c"" d"\r\n1,"two\nlines"\r\n')
    put("csv", "empty", "")
    put("csv", "empty-lines", "\n\r\n\n")
    put("csv", "mark-alone", "\ufeff")
    put("csv", "header-alone", "a,b")
    put("csv", "empty-name", ",\n1,2\n")
    put("csv", "quote-open", 'a,b\n1,"2\n3,4\n')
    put("csv", "text-after-quote", 'a,b\n1,"2"3\n')
    put("csv", "quotes-alone", '"""')
    put("csv", "too-few", "a,b\n1\n")
    put("csv", "too-many", "a,b\n1,2,3\n")
    put("csv", "name-twice", "a,b,A\n1,2,3\n")
    put("csv", "nul", b"a,b\n1,\0\n")
    put("csv", "return-alone", "a,b\r1,2\r")
    put("csv", "return-at-end", "a,b\n1,2\r")
    put("csv", "numbers", "a,b,c,d\n1e308,-0,0x10,1e999\nnan,inf, 3,3 \n")
    put("csv", "commas", "," * 3000)
    put("csv", "columns", ",".join("%x" % i for i in range(1100)))
    put("csv", "endless-line", "a,b\n" + "1" * 4000)
    put("csv", "lines", "a\n" + "1\n" * 1500)
    put("csv", "not-utf8", b"a,\xff\n\xfe,2\n")
    put("csv", "quoted-comma-rows", "a,b\n" + '",",","\n' * 20)


# ---- JSON: see fuzz_json.c for the first byte
def make_json():
    def scores(name, text):
        put("json", name, b"s" + (text.encode() if isinstance(text, str) else text))

    full = {"benchmark": "accuracy", "metric": "top1", "model": "wrn", "alpha": 0.5, "seed": 1, "dataset": "gloss",
            "condition": None, "value": 0.9, "low": 0.8, "high": 1, "n": 100, "ceiling": None, "formula": "share",
            "data_hash": "00ff", "command": "jem eval"}
    scores("one", json.dumps([full]))
    scores("two", json.dumps([full, dict(full, seed=2)], indent=1))
    scores("replaced", json.dumps([full, dict(full, value=0.1)]))
    scores("short", '[{"benchmark":"a","metric":"b"}]')
    scores("none", "[]")
    scores("nothing", "")
    scores("object", json.dumps(full))
    scores("no-metric", '[{"benchmark":"a"}]')
    scores("null-metric", '[{"benchmark":"a","metric":null}]')
    scores("text-for-number", '[{"benchmark":"a","metric":"b","value":"0.5"}]')
    scores("real-for-count", '[{"benchmark":"a","metric":"b","n":1.5}]')
    scores("unknown-key", '[{"benchmark":"a","metric":"b","x":1}]')
    scores("key-twice", '[{"benchmark":"a","benchmark":"b","metric":"b"}]')
    scores("beyond-64-bits", '[{"benchmark":"a","metric":"b","n":99999999999999999999}]')
    scores("beyond-double", '[{"benchmark":"a","metric":"b","value":1e999}]')
    scores("nan", '[{"benchmark":"a","metric":"b","value":NaN}]')
    scores("nul-in-text", '[{"benchmark":"a\\u0000b","metric":"b"}]')
    scores("half-surrogate", '[{"benchmark":"\\ud800","metric":"b"}]')
    scores("not-utf8", b'[{"benchmark":"\xff","metric":"b"}]')
    scores("deep", "[" * 5000)
    scores("deep-closed", "[" * 2040 + "]" * 2040)
    scores("deep-objects", '{"a":' * 1000 + "1" + "}" * 1000)
    scores("empty-objects", "[" + "{}," * 1300 + "{}]")
    scores("empty-arrays", "[" + "[]," * 1300 + "[]]")
    scores("truncated", json.dumps([full])[:-9])
    scores("rest", "[] []")
    scores("comment", "[/* */]")
    scores("comma", "[1,]")
    scores("long-text", '[{"benchmark":"%s","metric":"b"}]' % ("a" * 4000))
    put("json", "run", "r" + json.dumps({"status": "diverged", "message": "nan", "model": "wrn-16-1", "version": "1",
        "alpha": 0.5, "seed": 3, "classes": 10, "iteration": 5, "iterations": 10, "wall_s": 1.5,
        "events": [{"iteration": 4, "back_to": 2, "reason": "loss", "change": "noise"}]}))
    put("json", "run-wrong-kinds", 'r{"status":1,"message":[],"alpha":"x","seed":1e300,"events":{"a":1}}')
    put("json", "run-events-odd", 'r{"events":[1,null,{},{"iteration":-9223372036854775808,"reason":"%s"}]}' % ("x" * 3000))
    put("json", "run-array", "r[]")
    put("json", "run-nothing", "r")
    put("json", "config", "calpha: 0.25\nseed: 7\n")
    put("json", "config-huge-seed", "cseed: 1e300\nalpha: nan\n")
    put("json", "config-negative-seed", "cseed: -1e19\nalpha:")
    put("json", "study", 'p{"alphas":[0,0.5,1],"seeds":5}')
    put("json", "study-overflow", 'p{"alphas":[0,0.5,1],"seeds":9223372036854775807}')
    put("json", "study-no-json", "p{")


# ---- run.json and checkpoints: see fuzz_manifest.c for the first byte
def make_manifest():
    run = json.loads(real("manifest", "real-run")[1:])
    put("manifest", "run-nothing", "r")
    put("manifest", "run-status-unknown", "r" + json.dumps(dict(run, status="tired")))
    put("manifest", "run-number-missing", "r" + json.dumps({k: v for k, v in run.items() if k != "epoch"}))
    put("manifest", "run-null-status", "r" + json.dumps(dict(run, status=None)))
    put("manifest", "run-real-for-count", "r" + json.dumps(dict(run, iteration=1.5)))
    put("manifest", "run-beyond-64-bits", "r" + json.dumps(dict(run, iteration=2**70)))
    put("manifest", "run-long-message", "r" + json.dumps(dict(run, message="\u00e9" * 900)))
    put("manifest", "run-hash-no-hex", "r" + json.dumps(dict(run, data_hash="zz")))
    file = {"name": "checkpoints/000000002.safetensors", "bytes": 10, "checksum": "00", "iteration": 2}
    put("manifest", "run-many-files", "r" + json.dumps(dict(run, files=[file] * 50)))
    put("manifest", "run-file-outside", "r" + json.dumps(dict(run, files=[dict(file, name="../" * 300)])))
    put("manifest", "run-file-wrong-kind", "r" + json.dumps(dict(run, files=[dict(file, bytes="10")])))
    put("manifest", "run-files-no-list", "r" + json.dumps(dict(run, files={})))
    event = {"iteration": 4, "back_to": 2, "reason": "x" * 400, "change": "noise"}
    put("manifest", "run-events", "r" + json.dumps(dict(run, events=[event] * 3)))
    put("manifest", "run-too-many-events", "r" + json.dumps(dict(run, events=[dict(event, reason="")] * 17)))
    put("manifest", "run-deep", "r" + '{"events":' + "[" * 3000)
    put("manifest", "run-key-twice", "r" + json.dumps(run)[:-1] + ', "seed": 1}')

    case = real("manifest", "real-checkpoint")[1:]
    size = struct.unpack("<Q", case[:8])[0]
    header, data = json.loads(case[8:8 + size]), case[8 + size:]

    def checkpoint(name, **changes):
        meta = dict(header["__metadata__"])
        for key, value in changes.items():
            key = "jem." + key.replace("__", ".")
            if value is None:
                meta.pop(key)
            else:
                meta[key] = value
        put("manifest", name, b"c" + st(dict(header, __metadata__=meta), data))

    put("manifest", "header", b"h" + case)
    put("manifest", "header-truncated", b"h" + case[:200])
    put("manifest", "header-without-metadata", b"h" + st({k: v for k, v in header.items() if k != "__metadata__"}, data))
    checkpoint("iteration-negative", iteration="-1")
    checkpoint("iteration-late", iteration="11")
    checkpoint("iteration-word", iteration="two")
    checkpoint("iteration-beyond-64-bits", iteration="99999999999999999999")
    checkpoint("iteration-missing", iteration=None)
    checkpoint("best-infinite", best__score="inf")
    checkpoint("alpha-other", alpha="0.25")
    checkpoint("due-2", due="2")
    checkpoint("hash-word", data_hash="0x")
    checkpoint("rescue-missing", rescue=None)
    checkpoint("rescue-no-json", rescue="{")
    checkpoint("rescue-deep", rescue="[" * 2500)
    rescue = json.loads(header["__metadata__"]["jem.rescue"])
    for key, value in sorted(rescue.items()):
        if isinstance(value, (int, float)):
            checkpoint("rescue-huge-" + key, rescue=json.dumps(dict(rescue, **{key: 1e308 if isinstance(value, float) else 2**62})))
            checkpoint("rescue-negative-" + key, rescue=json.dumps(dict(rescue, **{key: -type(value)(1)})))
    for name, settings in {"equal-but-one": '{"train.lr":"0.001"}', "unknown": '{"train.lrr":"1"}', "number": '{"train.lr":1}',
                           "engine": '{"engine.precision":"bf16"}', "list": "[]", "no-json": "{", "long": '{"train.lr":"%s"}' % ("x" * 6000)}.items():
        meta = dict(header["__metadata__"], **{"jem.run": "0123456789abcdef" * 2, "jem.settings": settings, "jem.settings_hash": "0"})
        put("manifest", "settings-" + name, b"h" + st(dict(header, __metadata__=meta), data))
    put("manifest", "run-id-long", "r" + json.dumps(dict(run, id="0" * 33)))
    put("manifest", "run-id-word", "r" + json.dumps(dict(run, id="x" * 32, settings_hash="")))
    put("manifest", "data-all-ones", b"c" + st(header, b"\xff" * len(data)))
    put("manifest", "data-all-0", b"c" + st(header, b"\0" * len(data)))


# ---- tables: see fuzz_metrics.c for the first byte
def make_metrics():
    put("metrics", "log", "miteration,epoch,alpha,lr\n10,0.1,0.5,1e-4\n20,0.2,,nan\n")
    put("metrics", "table", "slow\thigh\tn\n0\t0.1\t3\n0.1\t0.2\tNaN\n")
    put("metrics", "trials", "tsubj,session,trial,rt,object_response,category,condition,imagename\nwrn,1,1,NaN,cat,dog,clean,\"a,b.png\"\n")
    put("metrics", "trials-other-order", "timagename,condition,category,object_response,rt,trial,session,SUBJ,x\na,b,c,d,1.5,2,3,e,f\n")
    put("metrics", "empty", "m")
    put("metrics", "header-alone", "ma,b,c")
    put("metrics", "name-twice", "ma,b,a\n1,2,3\n")
    put("metrics", "too-few", "ma,b\n1\n")
    put("metrics", "too-many", "ma,b\n1,2,3\n")
    put("metrics", "word", "ma,b\n1,two\n")
    put("metrics", "half-a-row", "ma,b\n1,2\n3,")
    put("metrics", "infinite", "ma\ninf\n-inf\n1e999\n")
    put("metrics", "hexadecimal", "ma\n0x1p3\n")
    put("metrics", "spaces", "ma\n 1\n1 \n")
    put("metrics", "nul", b"ma,b\n1,\0\n")
    put("metrics", "mark", "m\ufeffa\n1\n")
    put("metrics", "quote-open", "ta,\"b\n1,2\n")
    put("metrics", "quotes-in-quotes", "m\"a\"\"\",\"\"\n1,2\n")
    put("metrics", "text-after-quote", "m\"a\"b\n1\n")
    put("metrics", "commas", "m" + "," * 3000)
    put("metrics", "columns", "m" + ",".join("%x" % i for i in range(1100)))
    put("metrics", "endless-line", "ma\n" + "1" * 4000)
    put("metrics", "rows", "ma\n" + "1\n" * 1500)
    put("metrics", "trials-no-column", "tsubj,session\nwrn,1\n")
    put("metrics", "trials-huge-number", "tsubj,session,trial,rt,object_response,category,condition,imagename\nwrn,99999999999999999999,1,1,a,b,c,d\n")
    put("metrics", "trials-real", "tsubj,session,trial,rt,object_response,category,condition,imagename\nwrn,1.5,1,1,a,b,c,d\n")


# ---- TFRecords: see fuzz_tfrecord.c and fuzz_clickme_shard.c for the first byte
def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def tfrecord(data, length=None):
    head = struct.pack("<Q", len(data) if length is None else length)
    return head + struct.pack("<I", crc32c(head)) + data + struct.pack("<I", crc32c(data))


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def span(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def feature(key, kind, *values):
    if kind == 3:
        values = b"".join(b"\x08" + varint(v) for v in values)
    else:
        values = b"".join(span(1, v) for v in values)
    return span(1, span(1, key.encode()) + span(2, span(kind, values)))


def jpeg_like(channels):
    return b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x01\x00\x01\x00" + bytes([channels]) + b"x" * 9


def example(picture=jpeg_like(3), heat=jpeg_like(1), label=7, extra=b""):
    return span(1, feature("image", 1, picture) + feature("heatmap", 1, heat) + feature("label", 3, label) + extra)


def make_tfrecord():
    one = tfrecord(b"hello")
    put("tfrecord", "one", b"x" + one)
    put("tfrecord", "two", b"x" + one + tfrecord(bytes(range(256))))
    put("tfrecord", "nothing", b"x")
    put("tfrecord", "cut-in-head", b"x" + one[:7])
    put("tfrecord", "cut-in-data", b"x" + one[:15])
    put("tfrecord", "cut-in-checksum", b"x" + one[:-1])
    put("tfrecord", "one-byte-more", b"x" + one + b"\0")
    put("tfrecord", "wrong-checksum", b"x" + one[:-1] + b"\0")
    put("tfrecord", "wrong-checksum-of-length", b"x" + one[:9] + b"\xff" + one[10:])
    put("tfrecord", "empty-record", b"x" + tfrecord(b"") + one)
    for name, length in [("2-to-63", 2**63), ("all-ones", 2**64 - 1), ("wraps", 2**64 - 12), ("wraps-with-tail", 2**64 - 16),
                         ("64-megabytes", 64 << 20), ("larger", (64 << 20) + 1), ("one-more", 6)]:
        put("tfrecord", "length-" + name, b"x" + tfrecord(b"hello", length))
    put("tfrecord", "sealed", b"o" + struct.pack("<Q", 3) + b"\0\0\0\0abc\0\0\0\0" + struct.pack("<Q", 0) + b"\0" * 8)
    put("tfrecord", "sealed-length-all-ones", b"o" + b"\xff" * 40)


def make_tf_example():
    good = example()
    put("tf_example", "clickme", good)
    put("tf_example", "nothing", b"")
    put("tf_example", "no-features", span(1, b""))
    put("tf_example", "features-twice", good + good)
    put("tf_example", "key-twice", example(extra=feature("label", 3, 1)))
    put("tf_example", "two-labels", example(extra=b"").replace(feature("label", 3, 7), feature("label", 3, 7, 8)))
    put("tf_example", "packed-label", span(1, span(1, span(1, b"label") + span(2, span(3, span(1, varint(999)))))))
    put("tf_example", "negative-label", span(1, feature("label", 3, 2**64 - 1)))
    put("tf_example", "label-is-bytes", span(1, feature("label", 1, b"7")))
    put("tf_example", "image-is-integers", span(1, feature("image", 3, 1, 2)))
    put("tf_example", "empty-image", span(1, feature("image", 1, b"")))
    put("tf_example", "floats", span(1, span(1, span(1, b"image") + span(2, span(2, span(1, b"\0" * 8))))))
    put("tf_example", "key-without-value", span(1, span(1, span(1, b"image"))))
    put("tf_example", "value-without-key", span(1, span(1, span(2, span(1, b"x")))))
    put("tf_example", "unknown-fields", b"\x78\x05\x79" + b"\0" * 8 + b"\x7d" + b"\0" * 4 + span(15, b"abc") + good)
    put("tf_example", "group", b"\x0b\x0c" + good)
    put("tf_example", "field-0", b"\x02\x00" + good)
    put("tf_example", "wire-7", b"\x0f")
    put("tf_example", "varint-endless", b"\xff" * 64)
    put("tf_example", "varint-65-bits", b"\x08" + b"\xff" * 9 + b"\x02")
    put("tf_example", "span-too-long", b"\x0a\x7f" + good)
    put("tf_example", "span-2-to-64", b"\x0a" + varint(2**64 - 1) + good)
    put("tf_example", "cut", good[:-5])
    put("tf_example", "deep", b"\x0a\x7e" * 60 + b"\0" * 8)


def make_clickme_shard():
    def shard(mode, *records):
        return mode + b"".join(tfrecord(r) for r in records)

    put("clickme_shard", "two", shard(b"p", example(), example(label=999)))
    put("clickme_shard", "smaller-pictures", shard(b"s", example()))
    put("clickme_shard", "damaged-pictures", shard(b"d", example()))
    put("clickme_shard", "label-1000", shard(b"p", example(label=1000)))
    put("clickme_shard", "label-negative", shard(b"p", example(label=2**64 - 1)))
    put("clickme_shard", "heat-in-colour", shard(b"p", example(heat=jpeg_like(3))))
    put("clickme_shard", "picture-in-grey", shard(b"p", example(picture=jpeg_like(1))))
    put("clickme_shard", "png", shard(b"p", example(picture=png())))
    put("clickme_shard", "jpeg-without-frame", shard(b"p", example(picture=b"\xff\xd8\xff" + b"\xff" * 40)))
    put("clickme_shard", "jpeg-segments-of-0", shard(b"p", example(picture=b"\xff\xd8" + b"\xff\xe0\0\0" * 20)))
    put("clickme_shard", "jpeg-segment-outside", shard(b"p", example(picture=b"\xff\xd8\xff\xe0\xff\xff" + b"x" * 9)))
    put("clickme_shard", "jpeg-ends-in-marker", shard(b"p", example(picture=b"\xff\xd8\xff\xe0\x00\x02\xff\xc0\x00\x0b\x08")))
    put("clickme_shard", "no-heatmap", shard(b"p", span(1, feature("image", 1, jpeg_like(3)) + feature("label", 3, 7))))
    put("clickme_shard", "not-an-example", shard(b"p", b"hello"))
    put("clickme_shard", "nothing", b"p")


# ---- ratings of gloss: see fuzz_gloss_ratings.c for the first byte
def make_gloss_ratings():
    head = "stimOne,a,b,c,d,rating,participant ID (e.g. 01),age,\n"
    row = "stimuli\\rgb_scene%06d.png,0,0,0,47,%s,16,21\n"
    good = head + "".join(row % (12, r) for r in "345") + "".join(row % (13, r) for r in "116")

    def case(name, text, who="12"):
        for w in who:
            put("gloss_ratings", name + "-" + w, w.encode() + (text if isinstance(text, bytes) else text.encode()))

    case("good", good)
    case("crlf-and-mark", "\ufeff" + good.replace("\n", "\r\n"))
    case("nothing", "", "1")
    case("header-alone", head, "1")
    case("header-too-short", "a,b,c,d,e,f\n" + good)
    case("no-line-break", good[:-1])
    case("empty-lines", good.replace("\n", "\n\n\n"))
    case("row-too-short", good + "x,1\n", "1")
    case("row-too-long", good + row.replace("\n", ",,\n") % (12, 3), "1")
    case("seven-digits", good.replace("000012", "0000123"), "1")
    case("twelve-digits", good.replace("000012", "000012000012"), "1")
    case("two-numbers", good.replace("scene", "999999_scene"), "1")
    case("no-number", good.replace("0000", ""), "1")
    for name, rating in [("0", "0"), ("7", "7"), ("half", "3.5"), ("word", "three"), ("nan", "nan"), ("infinite", "1e999"),
                         ("hexadecimal", "0x3"), ("empty", ""), ("spaces", " 3"), ("negative", "-1")]:
        case("rating-" + name, good + row % (12, rating), "1")
    case("twice", good.replace(row % (13, "6"), ""), "1")
    case("four-times", good + row % (12, "1"))
    case("other-image", good.replace("000013", "000014"), "2")
    case("more-images", good + "".join(row % (14, r) for r in "111"))
    case("commas", head + "," * 3000, "1")
    case("nul", good.encode() + b"\0", "1")


def make_label_map():
    head = "category\tindex\n"
    put("label_map", "two", head + "cat\t3\ndog\t17\n")
    put("label_map", "crlf", head + "cat\t3\r\ndog\t17\r\n")
    put("label_map", "many", head + "".join("%s\t%d\n" % ("truck" if i % 2 else "bear", i) for i in range(60)))
    put("label_map", "nothing", "")
    put("label_map", "header-alone", head)
    put("label_map", "other-header", "index\tcategory\n3\tcat\n")
    put("label_map", "commas", head.replace("\t", ",") + "cat,3\n")
    put("label_map", "unknown-category", head + "lion\t3\n")
    put("label_map", "twice", head + "cat\t3\ndog\t3\n")
    put("label_map", "quoted", head + '"cat"\t"3"\n')
    for name, index in [("negative", "-1"), ("real", "1.5"), ("word", "three"), ("empty", ""), ("last", "99999"),
                        ("too-large", "100000"), ("2-to-63", str(2**63)), ("spaces", " 3")]:
        put("label_map", "index-" + name, head + "cat\t" + index + "\n")
    put("label_map", "third-column", head + "cat\t3\t\n")
    put("label_map", "nul", head + "cat\t3\0\n")


# ---- people's trials: see fuzz_mvh_people.c for the first byte
TRIALS = "subj,session,trial,rt,object_response,category,condition,imagename\n"


def make_mvh_people():
    first, second = "%s,1,%d,0.5,cat,dog,cr,0001_cl_s01_cr_dog_00_a.png\n", "%s,1,%d,NaN,na,car,bw,0002_cl_s01_bw_car_00_b.png\n"
    good = TRIALS + first % ("subject-01", 1) + second % ("subject-01", 2)
    edges = TRIALS + "subject-01,1,1,0.5,cat,dog,0,dog1.png\nsubject-01,1,2,0.7,car,car,0,car3.png\n"

    def case(name, text, who="1"):
        for w in who:
            put("mvh_people", name + "-" + w, w + text)

    case("good", good, "12")
    case("edges", edges, "34")
    case("other-order", TRIALS + second % ("s", 1) + first % ("s", 2), "12")
    case("capitals", good.replace("session", "Session").replace("cr", "CR"), "1")
    case("nothing", "", "13")
    case("header-alone", TRIALS, "1234")
    case("one-trial", TRIALS + first % ("s", 1), "12")
    case("three-trials", good + (first % ("s", 3)).replace("_a", "_c"), "12")
    case("image-twice", TRIALS + first % ("s", 1) * 2, "12")
    case("other-image", good.replace("_b.", "_c."), "12")
    case("other-category", good.replace("dog", "bear"), "12")
    case("unknown-category", good.replace("dog", "lion"), "1")
    case("unknown-response", good.replace(",cat,", ",lion,"), "1")
    case("unknown-condition", good.replace(",bw,", ",xx,"), "12")
    case("one-condition", good.replace(",bw,", ",cr,"), "12")
    case("names-without-id", good.replace("0001_cl_s01_cr_dog_00_a.png", "_").replace("0002_cl_s01_bw_car_00_b.png", ""), "1")
    case("no-column", good.replace("category", "x"), "1")


# ---- CIFAR-10H: see fuzz_cifar10h.c for the first byte
def make_cifar10h():
    def case(mode, name, descr, shape, values, code):
        put("cifar10h", name, mode + npy(npy_header(descr, shape=shape), struct.pack("<%d%s" % (len(values), code), *values)))

    one = [0] * 40
    one[1::10] = [51] * 4
    case(b"c", "counts", "<i8", "(4, 10)", one, "q")
    case(b"c", "counts-real", "<f8", "(4, 10)", one, "d")
    case(b"c", "counts-others", "|u1", "(4, 10)", range(40), "B")
    case(b"c", "counts-shape", "|u1", "(10, 4)", one, "B")
    case(b"c", "counts-flat", "|u1", "(40,)", one, "B")
    case(b"c", "counts-nobody", "|u1", "(4, 10)", [0] * 40, "B")
    case(b"c", "counts-negative", "<i4", "(4, 10)", [-1] * 40, "i")
    case(b"c", "counts-beyond-32-bits", "<i8", "(4, 10)", [2**33] * 40, "q")
    case(b"c", "counts-most", "<i8", "(4, 10)", [2**31 - 1] * 40, "q")
    case(b"c", "counts-halves", "<f4", "(4, 10)", [0.5] * 40, "f")
    case(b"c", "counts-nan", "<f4", "(4, 10)", [float("nan")] * 40, "f")
    case(b"c", "counts-infinite", "<f8", "(4, 10)", [float("inf")] * 40, "d")
    case(b"c", "counts-cut", "<f8", "(4, 10)", one[:30], "d")
    share = [v / 51 for v in one]
    case(b"p", "shares", "<f8", "(4, 10)", share, "d")
    case(b"p", "shares-others", "<f8", "(4, 10)", [0.1] * 40, "d")
    case(b"p", "shares-no-sum", "<f8", "(4, 10)", [0.5] * 40, "d")
    case(b"p", "shares-nan", "<f4", "(4, 10)", [float("nan")] * 40, "f")
    head = "index\tlabel\tclass\tofficial_name\tjpeg\n"
    rows = "0\t3\tcat\tdomestic_cat_s_000907.png\tx\n1\t8\tship\ta.png\tx\n2\t8\tship\tb\tx\n3\t0\tairplane\tc\tx\n"
    for name, text in [("labels", head + rows), ("labels-nothing", ""), ("labels-header", head), ("labels-one-short", head + rows[:-20]),
                       ("labels-one-more", head + rows + "4\t0\tx\tx\tx\n"), ("labels-twice", head + rows.replace("3\t0", "2\t0")),
                       ("labels-10", head + rows.replace("\t8", "\t10")), ("labels-negative", head + rows.replace("3\t0", "-3\t0")),
                       ("labels-no-name", head.replace("official_", "") + rows), ("labels-commas", (head + rows).replace("\t", ","))]:
        put("cifar10h", name, b"t" + text.encode())


# ---- small pictures of shapes and textures: see fuzz_cue_records.c for the first byte
def make_cue_records():
    head = "tset\trecord\tshape\ttexture\timagename\n"
    row = "cue-conflict\t%s\t%s\t%s\t%s\n"
    cat, boat = row % (0, "cat", "elephant", "cat7-elephant1.png"), row % (1, "boat", "boat", "boat3-boat2.png")
    put("cue_records", "two", head + cat + boat)
    put("cue_records", "other-sets", head + cat + "edge\t0\tcat\tnone\tcat1.png\n")
    put("cue_records", "nothing", "t")
    put("cue_records", "header-alone", head)
    put("cue_records", "other-header", head.replace("set", "x") + cat)
    put("cue_records", "twice", head + cat + cat)
    put("cue_records", "record-2", head + row % (2, "cat", "elephant", "cat7-elephant1.png"))
    put("cue_records", "record-negative", head + row % (-1, "cat", "elephant", "cat7-elephant1.png"))
    put("cue_records", "record-2-to-62", head + row % (2**62, "cat", "elephant", "cat7-elephant1.png"))
    put("cue_records", "other-shape", head + row % (0, "dog", "elephant", "dog7-elephant1.png"))
    put("cue_records", "unknown-shape", head + row % (0, "lion", "elephant", "lion7-elephant1.png"))
    put("cue_records", "no-texture", head + row % (0, "cat", "none", "cat7-elephant1.png"))
    for i, name in enumerate(["cat7", "cat7.png", "cat7-.png", "cat-elephant1.png", "cat7-elephant1-dog2.png", "cat7-elephant.png",
                              "cat7-elephant1.jpg", "cat7-elephant1", "cat7-x_elephant1.png", "-", "", "cat7--elephant1.png"]):
        put("cue_records", "name-%d" % i, head + row % (0, "cat", "elephant", name))
    put("cue_records", "record", b"b" + bytes([7, 11]) + bytes(i % 251 for i in range(3072)))
    put("cue_records", "record-of-others", b"b" + bytes([255, 255]) + bytes(3072))
    put("cue_records", "record-short", b"b" + bytes([7, 11]) + bytes(3071))
    put("cue_records", "records-none", b"b")


# ---- recorded answers: see fuzz_recording.c for the first byte
def make_recording():
    def case(name, text):
        put("recording", name, text)

    case("logits", "lname,class0,class1\na.png,1,-2.5\nb.png,3e2,4\n")
    case("logits-by-place", "Lclass0,class1,class2\n1,2,3\n4,5,6\n")
    case("logits-of-sets", "lset,condition,imagename,class0,class1\ncnn,clean,a.png,1,2\ncnn,noise,a.png,1,2\n")
    case("logits-pandas", "l,0,1\n0,1,2\n1,3,4\n")
    case("logits-without-names", "l0.1,0.2\n1,2\n")
    case("logits-word", "lname,class0\na.png,one\n")
    case("logits-not-finite", "lname,class0\na.png,nan\nb.png,inf\n")
    case("scalars", "lname,gloss\na.png,0.5\nb.png,1\n")
    case("no-numbers", "lname\na.png\n")
    case("no-rows", "lname,class0\n")
    case("named-twice", "lname,class0\na.png,1\na.jpg,2\n")
    case("names-of-nothing", "lname,class0\n_,1\n.,2\n\\/,3\n\"\",4\n")
    case("trials", "t" + TRIALS + "net,1,1,NaN,cat,dog,clean,0001_x_dog_n01_a.png\nnet,1,2,NaN,na,car,noise,b.png\n")
    case("trials-of-people", "T" + TRIALS + "subject-01,1,1,0.5,cat,dog,0,a.png\nsubject-02,1,1,0.5,cat,dog,0,a.png\n")
    case("trials-of-two", "t" + TRIALS + "x,1,1,1,cat,dog,0,a.png\ny,1,1,1,cat,dog,0,b.png\n")
    case("trials-nobody", "t" + TRIALS)
    case("trials-unknown", "t" + TRIALS + "x,1,1,1,lion,dog,0,a.png\n")
    case("trials-long-name", "t" + TRIALS + "x" * 300 + ",1,1,1,cat,dog,0,a.png\n")
    case("distances", "dset,name,patch,distance\ncnn,a.png,p0,0.5\ncnn,a.png,p1,0.25\n")
    case("distances-without-patch", "dname,distance\na.png,0.5\nb.png,1\n")
    case("distances-without-name", "dset,distance\ncnn,0.5\n")
    case("distances-word", "dname,distance\na.png,near\n")
    f32 = struct.pack("<6f", 1, -2, 3.5, 0, 1e-40, 1e38)
    case("array", b"n" + npy(npy_header(), f32))
    case("array-of-scalars", b"n" + npy(npy_header(shape="(6,)"), f32))
    case("array-of-maps", b"n" + npy(npy_header(shape="(1,2,3)"), f32))
    case("array-of-bytes", b"n" + npy(npy_header("|u1", shape="(3,2)"), b"abcdef"))
    case("array-scalar", b"n" + npy(npy_header("<f8", shape="()"), b"\0" * 8))
    case("array-empty", b"n" + npy(npy_header(shape="(0, 10)")))
    case("array-not-finite", b"n" + npy(npy_header(shape="(1,)"), struct.pack("<f", float("nan"))))
    case("array-of-4", b"n" + npy(npy_header(shape="(1,1,2,3)"), f32))
    case("names", "Na.png\nb.png\n")
    case("names-one", "Na.png\n")
    case("names-three", "Na.png\nb.png\nc.png")
    case("names-twice", "Na.png\r\na.png\r\n")
    case("names-nul", b"Na\0b\nc\n")
    case("folder", "fname,class0,class1\na.png,1,2\n")
    case("folder-of-two-kinds", "fname,distance\na.png,1\n")
    case("folder-of-arrays", b"a" + npy(npy_header(shape="(3,2)"), f32))
    case("folder-of-other-arrays", b"a" + npy(npy_header(shape="(6,)"), f32))


# ---- index of ClickMe's maps: see fuzz_clickme_index.c for the first byte
def make_clickme_index():
    head, rows = "name\tsource\n", "val-0/1\tval\na.png\tlocal\n"
    for name, text in [("two", "2" + head + rows), ("other-columns", "2index\tsource\tname\n0\tval\ta\n1\tval\tb\n"),
                       ("crlf", "2" + (head + rows).replace("\n", "\r\n")), ("mark", "2\ufeff" + head + rows),
                       ("no-line-break", "2" + (head + rows)[:-1]), ("more", "1" + head + rows), ("fewer", "3" + head + rows),
                       ("nothing", "1"), ("header-alone", "1" + head), ("no-source", "1name\nx\n"),
                       ("no-name", "1source\nval\n"), ("commas", "2" + (head + rows).replace("\t", ",")),
                       ("too-few", "2" + head + "a\nb\tval\n"), ("too-many", "2" + head + "a\tval\tx\nb\tval\n"),
                       ("empty-names", "2" + head + "\t\n\t\n"), ("name-twice", "2name\tname\tsource\na\tb\tval\nc\td\tval\n"),
                       ("long-name", "1" + head + "n" * 3000 + "\tval\n"), ("quoted", "2" + head + '"a\tb"\tval\n"c\nd"\tval\n'),
                       ("quote-open", "1" + head + '"a\tval\n'), ("tabs", "1" + "\t" * 3000), ("nul", "1" + head + "a\0\tval\n")]:
        put("clickme_index", name, text)


# ---- index of a folder of latents
def latents(classes, shards, skipped):
    part = {"images": 2**31 - 1, "done": len(shards) + len(skipped), "listing": "0123456789abcdef", "shards": shards, "skipped": skipped}
    return json.dumps({"format": "jem latents 1", "vae": "f" * 32, "latent_scale": 1, "picture": 256, "channels": 4, "height": 32,
                       "width": 32, "flip": True, "dtype": "f16", "classes": classes, "parts": {"train": part, "val": part}},
                      separators=(",", ":"))


def make_latent_index():
    shard = {"file": "train-00000.safetensors", "rows": 3, "checksum": "0123456789abcdef" * 2}
    part = {"images": 5, "done": 4, "listing": "0123456789abcdef", "shards": [shard],
            "skipped": [{"file": "n01440764/x.JPEG", "reason": "damaged"}]}
    index = {"format": "jem latents 1", "vae": "f" * 32, "latent_scale": 0.18215, "picture": 256, "channels": 4, "height": 32,
             "width": 32, "flip": True, "dtype": "f16", "classes": ["tench", "goldfish"],
             "parts": {"train": part, "val": dict(part, done=0, shards=[], skipped=[])}}

    def case(name, train=None, **changes):
        x = dict(index, **changes)
        if train:
            x["parts"] = dict(index["parts"], train=dict(part, **train))
        put("latent_index", name, json.dumps({k: v for k, v in x.items() if v is not None}))

    case("two-parts")
    noise = dict(part, shards=[dict(shard, file="noise-00000.safetensors", rows=5)], done=5, skipped=[])
    case("noise", parts=dict(index["parts"], noise=noise))
    case("noise-null", parts=dict(index["parts"], noise=None))
    case("f32", dtype="f32", flip=False)
    case("format-2", format="jem latents 2")
    case("no-format", format=None)
    case("vae-short", vae="abc")
    case("vae-no-hex", vae="g" * 32)
    case("scale-0", latent_scale=0)
    case("scale-word", latent_scale="1")
    case("scale-nan", latent_scale=float("nan"))
    case("channels-huge", channels=2**62)
    case("picture-negative", picture=-1)
    case("width-real", width=32.5)
    case("flip-1", flip=1)
    case("dtype-u8", dtype="u8")
    case("no-classes", classes=[])
    case("classes-of-numbers", classes=["a", 1])
    case("classes-many", classes=["c"] * 1200)
    case("class-with-nul", classes=["a\0b"])
    case("parts-list", parts=[])
    case("no-val", parts={"train": part})
    case("done-more-than-images", train={"done": 6})
    case("rows-beyond-64-bits", train={"shards": [dict(shard, rows=2**70)]})
    case("rows-negative", train={"shards": [dict(shard, rows=-1)]})
    case("rows-more-than-done", train={"shards": [shard, shard]})
    case("file-outside", train={"shards": [dict(shard, file="../../etc/passwd")]})
    case("file-hidden", train={"shards": [dict(shard, file=".x")]})
    case("shards-object", train={"shards": {}})
    case("shard-null", train={"shards": [None]})
    case("skipped-numbers", train={"skipped": [1]})
    case("skipped-none", train={"skipped": []})
    put("latent_index", "nothing", "")
    put("latent_index", "array", "[]")
    put("latent_index", "deep", '{"parts":' * 800 + "1" + "}" * 800)
    put("latent_index", "key-twice", json.dumps(index)[:-1] + ', "vae": "x"}')
    put("latent_index", "truncated", json.dumps(index)[:-40])
    packed = {"format": "jem pictures 1", "picture": 64, "channels": 3, "height": 64, "width": 64, "resize": "bilinear",
              "classes": ["tench", "goldfish"], "parts": index["parts"]}
    for name, changes in [("", {}), ("-bicubic", {"resize": "bicubic"}), ("-nearest", {"resize": "nearest"}), ("-grey", {"channels": 1}),
                          ("-oblong", {"width": 65}), ("-side-huge", dict.fromkeys(("picture", "height", "width"), 2**62)),
                          ("-format-2", {"format": "jem pictures 2"}), ("-with-noise", {"parts": dict(index["parts"], noise=noise)})]:
        put("latent_index", "packed" + name, json.dumps(dict(packed, **changes)))


# ---- shard of packed pictures: two of 2x2 pixels
def make_packed_shard():
    columns = struct.pack("<2Q", 1, 2) + struct.pack("<2i", 0, 5) + struct.pack("<2i", 1, 0)  # hashes, images, labels
    marks = {"jem.picture": "2", "jem.resize": "bilinear", "jem.checksum": "0" * 32,
             "jem.rows": "d8e492f079d0bbcc8258ee1f78beedd4"}  # XXH3-128 of labels, images, hashes
    tensors = {"hashes": entry("I64", (2,), (0, 16)), "images": entry("I32", (2,), (16, 24)), "labels": entry("I32", (2,), (24, 32)),
               "pictures": entry("U8", (2, 3, 2, 2), (32, 56))}
    data = columns + bytes(range(24))

    def case(name, data=data, metadata={}, **changes):
        header = dict({"__metadata__": dict(marks, **metadata)}, **dict(tensors, **changes))
        put("packed_shard", name, st({k: v for k, v in header.items() if v is not None}, data))

    case("two")
    case("other-rows", metadata={"jem.rows": "0" * 32})
    case("other-size", metadata={"jem.picture": "4"})
    case("no-checksum", metadata={"jem.checksum": ""})
    case("label-changed", data=data[:24] + b"\7" + data[25:])
    case("picture-changed", data=data[:-1] + b"\0")
    case("cut", data=data[:-1])
    case("longer", data=data + b"x")
    case("three-labels", labels=entry("I32", (3,), (24, 36)))
    case("labels-real", labels=entry("F32", (2,), (24, 32)))
    case("five-dimensions", pictures=entry("U8", (2, 1, 3, 2, 2), (32, 56)))
    case("no-hashes", hashes=None)
    put("packed_shard", "empty", "")
    put("packed_shard", "none", st({"__metadata__": dict(marks, **{"jem.rows": "99aa06d3014798d86001c324468d497f"}),
                                    "hashes": entry("I64", (0,), (0, 0)), "images": entry("I32", (0,), (0, 0)),
                                    "labels": entry("I32", (0,), (0, 0)), "pictures": entry("U8", (0, 3, 2, 2), (0, 0))}))


# ---- kept latents: see fuzz_latent_cache.c for the first byte
def kept(key=1, n=2, values=None, room=None, zero=0, crc_values=0, crc_head=0):
    """A record; its checksums are put in by the target, except where the case begins with x."""
    data = struct.pack("<%df" % n, *range(n)) if values is None else values
    return struct.pack("<QQIIII", key, ~key & (2**64 - 1), n if room is None else room, crc_values, crc_head, zero) + data


def make_latent_cache():
    magic = b"jem kept latents"
    two = kept(1) + kept(2, 3)
    for name, data in [("nothing", b"x"), ("magic-begun", b"x" + magic[:9]), ("magic-alone", b"x" + magic),
                       ("another-file", b"xmy thesis, chapter one"), ("another-file-short", b"xmy thesis"),
                       ("two", b"o" + magic + two), ("values-damaged", b"h" + magic + two), ("heads-damaged", b"x" + magic + two),
                       ("no-values", b"o" + magic + kept(1, 0) + kept(2, 0)), ("cut-in-a-head", b"o" + magic + two + two[:31]),
                       ("cut-in-values", b"o" + magic + two[:-1]), ("one-byte-more", b"o" + magic + two + b"\0"),
                       ("key-twice", b"o" + magic + kept(1) + kept(2) + kept(1, 3) + kept(1)), ("key-zero", b"o" + magic + kept(0)),
                       ("same-place", b"o" + magic + b"".join(kept(1024 * i + 1023, 1) for i in range(6))),
                       ("key-of-the-target", b"o" + magic + kept(7)), ("not-finite", b"o" + magic + kept(1, 2, struct.pack("<2f", float("nan"), float("inf")))),
                       ("more-than-there-is", b"o" + magic + kept(1, 2, room=3)), ("count-2-24", b"o" + magic + kept(1, 2, room=2**24)),
                       ("count-2-32", b"o" + magic + kept(1, 2, room=2**32 - 1)), ("zero-is-not", b"o" + magic + kept(1, zero=1) + kept(2)),
                       ("many", b"o" + magic + b"".join(kept(i, 1) for i in range(20)))]:
        put("latent_cache", name, data)


# ---- folders of studies: see fuzz_folder in fuzz.h
TRIAL = "subj,session,trial,rt,object_response,category,condition,imagename"
EVIL = "<script>a</script>\x1b[31m\n\"'&\u202e"


def trials(rows, more=""):
    return TRIAL + more + "\n" + "".join("m,1,%d,NaN,%s\n" % (i + 1, r) for i, r in enumerate(rows))


def run_files(name, alpha, scores, files=(), seed=1, config="", **info):
    """Files of a run: run.json, config.yaml, scores/scores.json and others by name."""
    info = dict({"status": "finished", "model": "m", "alpha": alpha, "seed": seed, "classes": 10,
                 "iteration": 2, "iterations": 2, "wall_s": 60}, **info)
    scores = [dict({"model": "m", "alpha": alpha, "seed": seed}, **s) for s in scores]
    out = [("run.json", json.dumps(info)), ("config.yaml", "alpha: %s\nseed: %d\n%s" % (alpha, seed, config)),
           ("scores/scores.json", json.dumps(scores))] + list(files)
    return [(name + "/" + path, data) for path, data in out]


def folder(files):
    return b"".join(b"@@ " + path.encode() + b"\n" + (data if isinstance(data, bytes) else data.encode()) + b"\n"
                    for path, data in files)


def score(benchmark, metric, value, **more):
    return dict({"benchmark": benchmark, "metric": metric, "value": value}, **more)


def png_file(width=2, height=2):
    return png(width, height, 8, 0, pixels=b"\0" * ((width + 1) * height))


def make_study():
    def study(name, scores, files, **more):
        """Two runs with the same files."""
        put("study", name, folder(run_files("a", 0, scores, files, **more) + run_files("b", 0.5, scores, files, **more) +
                                  [("study.json", '{"seeds": 1, "alphas": [0, 0.5]}')]))

    study("classification", [score("classification", "accuracy", 0.5), score("classification", "ece", 0.1)],
          [("trials/test.csv", trials(["cat,cat,test,1", "cat,dog,test,2"]))])
    study("cifar10h", [score("cifar10h", "cross_entropy_human", 0.4), score("cifar10h", "accuracy", 0.5)],
          [("trials/cifar10h.csv", trials(["cat,cat,0,1,0.3", "cat,dog,0,2,0.5"], ",cross_entropy"))])
    study("gloss", [score("gloss", "pearson", 1)],
          [("trials/gloss.csv", trials(["0.1,2,0,1", "0.2,3,0,2", "0.3,4,0,3"])),
           ("trials/gloss-human.csv", TRIAL + "\n" + "".join("h,%d,%d,NaN,%d,3,0,%d\n" % (o, i, i + o, i) for o in (1, 2) for i in (1, 2, 3)))])
    study("gloss-scenes", [score("gloss", "accuracy", 1), score("gloss", "light_accuracy", 0.5), score("gloss", "relief_r2", 1)],
          [("trials/gloss-scenes.csv", trials(["1,1,gloss,1", "0,0,gloss,2", "3,3,light,1", "3,4,light,2", "0.5,0.5,relief,1", "0.7,0.7,relief,2"]))])
    own, said = [("accuracy", 0.5), ("light_accuracy", 0.5), ("relief_r2", 1)], [("trials/test.csv", trials(["matte,matte,test,1", "matte,glossy,test,2"]))]
    put("study", "scenes", folder(run_files("a", 0, [score("scenes", m, v) for m, v in own], said) +  # b: as earlier versions wrote them
                                  run_files("b", 0.5, [score("gloss", m, v, command="jem eval b") for m, v in own], said)))
    study("bapps", [score("bapps", "2afc", 0.75, condition="distortion"), score("bapps", "jnd_map", 1, condition="distortion")],
          [("trials/bapps.csv", trials(["p0,0,2afc/traditional,1", "p1,0.5,2afc/cnn,2", "0.1,1,jnd/traditional,3", "0.9,0,jnd/traditional,4",
                                        "0.1,1,jnd/cnn,5", "0.9,0,jnd/cnn,6"]))])
    study("model-vs-human", [score("model-vs-human", "error_consistency", 1, dataset="mean")],
          [("trials/model-vs-human.csv", trials(["cat,cat,0,1,edge,1,1", "cat,dog,0,2,edge,1,0", "cat,cat,0,3,edge,1,1", "cat,cat,0,1,sketch,1,1",
                                                 "cat,dog,0,2,sketch,1,0"], ",set,counted,people"))])
    study("cue-conflict", [score("cue-conflict", "shape_bias", 0.5, dataset="cue-conflict"), score("cue-conflict", "accuracy", 0.5, dataset="cue-conflict")],
          [("trials/cue-conflict/cue-conflict/cue-conflict_m_session-1.csv", trials(["cat,cat,0,x_cat1-dog2.png", "dog,cat,0,x_cat1-dog3.png"]))])
    study("clickme", [score("clickme", "alignment", 0.1 / 0.65753, ceiling=0.65753)], [("trials/clickme.csv", trials(["0.1,NA,val,1", "0.1,NA,val,2"]))])
    study("tables", [score("energy", "mean_lse", 1, condition="data"), score("ood", "auroc", 0.9, condition="lse:noise", low=0.8, high=1, n=10)],
          [("metrics.csv", "iteration,loss_d,loss_g,c,lse_gap,accuracy,verdict,reason,val_accuracy,fd_pix,wall_s\n1,2,3,1,0.5,0.1,healthy,,,,1\n2,2,3,1,0.5,0.1,drifting,why,0.5,3,2\n"),
           ("scores/reliability.tsv", "lo\thi\tconfidence\taccuracy\tcount\n0\t0.5\t0.3\t0.2\t5\n0.5\t1\tnan\tnan\t0\n"),
           ("scores/energy_hist.tsv", "lo\thi\tdata\tsamples\tnoise\n0\t1\t0.5\t0.5\t0\n1\t2\t0.5\t0.5\t1\n")])
    study("pictures", [], [("samples/data.png", png_file()), ("samples/buffer.png", png_file(3, 5)), ("samples/refined/0/0005.png", png_file()),
                           ("samples/clickme/x/people.png", png_file())])
    put("study", "picture-huge", folder(run_files("a", 0.5, [], [("samples/buffer.png", png(32767, 32767, 1, 0, pixels=b"\0" * 400))])))
    put("study", "picture-cut", folder(run_files("a", 0.5, [], [("samples/buffer.png", png_file()[:50])])))
    study("evil", [score("x" + EVIL.replace("/", "-")[:8], EVIL, 0.5, condition="lse:" + EVIL, dataset=EVIL, formula=EVIL, command=EVIL, data_hash=EVIL)],
          [("metrics.csv", "iteration,loss_d\n1,2\n")], status=EVIL, message=EVIL, version=EVIL,
          events=[{"iteration": 1, "back_to": 0, "reason": EVIL, "change": EVIL}], config="# " + EVIL)
    put("study", "outside", folder(run_files("../a", 0.5, [score("../../x", "m", 1)]) + run_files("b", 0.5, [score("..", "m", 1)])))
    put("study", "numbers", folder(run_files("a", 1e308, [score("x", "m", 1e308), score("x", "n", -1e308)], seed=2**62) +
                                   run_files("b", -1e308, [score("x", "m", -1e308, low=-1e308, high=1e308), score("x", "n", 5e-324)], seed=-2**62)))
    put("study", "not-finite", folder(run_files("a", 0, [score("gloss", "accuracy", 0.5)])[:1] + [("a/config.yaml", "alpha: inf\nseed: nan\n")] +
                                      [("b/config.yaml", "alpha: nan\nseed: 1e99\n  proj: -inf\n"), ("b/run.json", "{}")]))
    put("study", "seeds", folder(sum((run_files("r%d" % i, i % 2, [score("cifar10h", "cross_entropy_human", 0.1 * i)], seed=i // 2) for i in range(5)), [])))
    put("study", "benchmarks-many", folder(run_files("a", 0.5, [score("b%d" % i, "m%d" % (i % 3), i, condition="c%d" % i) for i in range(40)])))
    put("study", "lines-many", folder(run_files("a", 0.5, [score("x", "m%d" % (i // 9), i, condition="c:%d" % i) for i in range(60)])))
    put("study", "single", folder([(path[2:], data) for path, data in run_files("a", 0.5, [score("classification", "accuracy", 0.5)])]))
    put("study", "nothing", "")
    put("study", "no-run", folder([("study.json", "{}"), ("x/run.json", "{}")]))
    put("study", "plan-many", folder(run_files("a", 0.5, []) + [("study.json", '{"seeds": 9223372036854775807, "alphas": [0, 0.5]}')]))


# ---- folders of runs: see fuzz_run.c
LOG = ("iteration,epoch,alpha,lr,step_size,loss_d,loss_g,g_d,g_g,c,cosine,lse_pos,lse_neg,lse_gap,accuracy,clipped,movement,"
       "lse_min,lse_max,buffer_age,buffer_diversity,verdict,reason,val_accuracy,val_nll,fd_pix,images_per_s,wall_s\n")


def log_row(iteration, wall="1.5", verdict="healthy", reason=""):
    return "%s,1,0.5,0.1,1,0.7,-0.02,0.2,0.2,1,0,0.9,0.9,0,0.5,0,0.4,0.8,0.9,1,0.9,%s,%s,0.3,0.7,35,148,%s\n" % (iteration, verdict, reason, wall)


def make_run():
    def weights(iteration, **more):
        meta = dict({"jem.checksum": "0" * 32, "jem.iteration": str(iteration)}, **more)
        header = {"__metadata__": meta, "a": entry("F32", (1,), (0, 4))}
        return st(json.dumps(header, separators=(",", ":")), struct.pack("<f", 1))

    config = "alpha: 0.5\nseed: 1\nmodel:\n  name: \"wrn-10-1\"\ndata:\n  kind: npy\n  path: \"/x\"\ntrain:\n  iterations: 4\n  batch: 2\nsampler:\n  steps: 1\n"
    status = {"status": "running", "version": "0.1.0", "model": "wrn-10-1", "alpha": 0.5, "seed": 1, "classes": 2, "channels": 3, "height": 4,
              "width": 4, "params": 7, "data_hash": "00e157332cd54d04", "rank": 0, "ranks": 1, "iteration": 2, "iterations": 4, "epoch": 0.5,
              "best": {"iteration": 2, "epoch": 0.5, "score": 0.3, "selected_by": "val_accuracy"}, "wall_s": 1.5, "message": "",
              "events": [{"iteration": 2, "back_to": 0, "reason": "r", "change": "c"}],
              "files": [{"name": "best.safetensors", "bytes": 9, "checksum": "0" * 32, "iteration": 2}], "latents": None}

    def run(name, config=config, log=LOG + log_row(1) + log_row(2), files=(), **more):
        put("run", name, folder([("config.yaml", config), ("run.json", json.dumps(dict(status, **more))), ("metrics.csv", log)] + list(files)))

    state = {"jem.scheduled": "1", "jem.best.iteration": "2", "jem.alpha": "0.5", "jem.seed": "1"}
    run("whole", files=[("checkpoints/000000002.safetensors", weights(2, **state)), ("checkpoints/best-000000002.safetensors", weights(2)),
                        ("best.safetensors", weights(2)), ("first-epoch.safetensors", weights(1))])
    run("states", files=[("checkpoints/%09d.safetensors" % i, weights(i, **dict(state, **{"jem.best.iteration": str(i - 1)}))) for i in range(1, 6)])
    run("names", files=[("checkpoints/" + n, weights(1)) for n in ("9999999999999999999.safetensors", "1.safetensors", "-00000001.safetensors",
                                                                      "best-.safetensors", "000000001.safetensors.damaged", "000000001.safetensors.tmp-1")])
    run("iterations", files=[("checkpoints/000000002.safetensors", weights("9" * 30, **{"jem.best.iteration": "-1", "jem.scheduled": "2"}))])
    run("finished", status="finished")
    run("diverged", status="diverged", message=EVIL)
    run("evil", status=EVIL, version=EVIL, model=EVIL)
    run("negative", iteration=-5, iterations=-1, best={"iteration": -2, "epoch": -1, "score": None, "selected_by": ""})
    run("huge", iteration=2**62, iterations=2**62, best={"iteration": 2**62, "epoch": 1e308, "score": 1e308, "selected_by": "last"})
    run("log-cut", log=LOG + log_row(1) + log_row(2)[:30])
    run("log-header-cut", log=LOG[:40])
    run("log-of-others", log="iteration,loss\n1,2\n")
    run("log-damaged-row", log=LOG + log_row(1) + log_row("x") + log_row(2))
    run("log-rows-later", log=LOG + log_row(1) + log_row(9) + log_row(2))
    run("log-empty-lines", log=LOG + "\n\n" + log_row(1))
    run("log-endless-row", log=LOG + log_row(1, wall="1" * 3000))
    run("log-nul", log=LOG + log_row(1) + "\0" + log_row(2))
    run("config-evil", config="alpha: 0.5\ndata: {path: \"" + "\\e[31m\\n" * 9 + "\"}\n")
    run("config-unknown", config="alhpa: 0.5\n")
    run("config-contradicts-itself", config="sampler: {clip_min: 2}\n")
    run("config-huge", config="train: {batch: 9223372036854775807}\nmodel: {name: wrn-28-10}\n")
    put("run", "study", folder([("config.yaml", config), ("study.json", "{}")]))
    put("run", "config-alone", folder([("config.yaml", config)]))
    put("run", "no-config", folder([("run.json", json.dumps(status))]))
    put("run", "nothing", "")


# ---- large ones, too large to be committed
def make_large():
    million, n = 1000000, 20000000
    put("csv", "commas", "a,b\n" + "," * n)
    put("csv", "header", "," * n)
    put("csv", "lines", "a\n" + "1\n" * (n // 2))
    put("csv", "empty-lines", "a\n" + "\n" * n)
    put("csv", "one-line", "a\n" + "1" * n)
    put("csv", "one-quote", "a\n\"" + "1\"\"" * (n // 3))
    put("csv", "pairs", "a,b\n" + "1,2\n" * (n // 4))
    put("csv", "short", "a,b\n" + "123,456\n" * (n // 8))
    put("csv", "short-wide", ",".join("c%d" % i for i in range(1000)) + "\n" + ("12," * 999 + "12\n") * (n // 3000))
    put("metrics", "commas", "ma,b\n" + "," * n)
    put("metrics", "header", "m" + "," * n)
    put("metrics", "lines", "ma\n" + "1\n" * (n // 2))
    put("metrics", "short", "ma,b\n" + "123,4567\n" * (n // 9))
    put("metrics", "rows", "ma\n" + "1234\n" * (n // 5))
    put("metrics", "tabs", "sa\tb\n" + "\t\n" * (n // 2))
    put("metrics", "quotes", "m" + "\"" * n)
    trials = "tsubj,session,trial,rt,object_response,category,condition,imagename\n"
    put("metrics", "trials", trials + "a,1,1,1,b,c,d,e\n" * (n // 16))
    put("metrics", "trials-empty", trials + ",1,1,,,,,\n" * (n // 10))
    put("metrics", "trials-many", trials + "model,1,123,NaN,elephant,keyboard,condition-1,an_image_name.png\n" * (n // 66))
    put("metrics", "trials-few", trials + "wrn,1,1,1,banana,cat,dog,image\n" * 50000)
    for name, text in [("short", "lname,x\n" + "a,1\n" * (n // 4)), ("names", "lname,x\n" + "".join("%x,1\n" % i for i in range(400000))),
                       ("numbers", "lx\n" + "1\n" * (n // 2)), ("distances", "dname,distance\n" + "".join("%x,1\n" % i for i in range(400000))),
                       ("trials", trials + "".join("s%d,1,1,1,cat,dog,0,%d.png\n" % (i % 512, i) for i in range(200000))),
                       ("lines", "N" + "a\n" * (n // 2)), ("returns", "N" + "\r" * n)]:
        put("recording", name, "t" + text[1:] if name == "trials" else text)
    put("recording", "array", b"n" + npy(npy_header("|u1", shape="(%d,)" % n), b"\0" * n))
    put("label_map", "lines", "category\tindex\n" + "".join("cat\t%d\n" % i for i in range(100000)))
    put("label_map", "tabs", "\t" * n)
    put("gloss_ratings", "rows", "1" + "stim,a,b,c,d,rating,x,\n" + "000001,,,,,1,\n" * (4 * million // 14))
    put("gloss_ratings", "commas", "1" + "," * (4 * million))
    put("tfrecord", "records", b"x" + tfrecord(b"a") * (n // 17))
    put("tf_example", "empty-spans", b"\x0a\0" * (n // 2))
    put("tf_example", "spans-in-features", span(1, b"\x0a\0" * (n // 2)))
    put("tf_example", "varints", b"\x08\0" * (n // 2))
    put("tf_example", "integers", span(1, span(1, span(1, b"label") + span(2, span(3, b"\x08\0" * (n // 2))))))
    put("clickme_shard", "records", b"p" + tfrecord(example()) * 20)
    put("clickme_shard", "padded", b"p" + tfrecord(example() + b"\x78\0" * (n // 2)))
    put("mvh_people", "trials", "1" + trials[1:] + "".join("s,1,1,1,cat,dog,%s,%d.png\n" % ("cr" if i % 2 else "bw", i) for i in range(200000)))
    put("clickme_index", "lines", "9name\tsource\n" + "a\tb\n" * (n // 4))
    put("clickme_index", "tabs", "1" + "\t" * n)
    put("clickme_index", "long-name", "1name\tsource\n" + "n" * n + "\tval\n")
    put("latent_index", "classes", latents([""] * 6000000, [], []))
    put("latent_index", "classes-few", latents([""] * 200000, [], []))
    put("latent_index", "skipped", latents(["a"], [], [{"file": "", "reason": ""}] * 60000))
    put("latent_index", "shards", latents(["a"], [{"file": "", "rows": 1, "checksum": "0" * 32}] * 60000, []))
    put("latent_cache", "records", b"ojem kept latents" + b"".join(kept(i, 0) for i in range(n // 64)))
    put("cue_records", "lines", "tset\trecord\tshape\ttexture\timagename\n" + "".join("cue-conflict\t0\tcat\telephant\tcat%d-elephant1.png\n" % i for i in range(400000)))
    for name, text in [("objects", "[" + "{}," * (n // 3) + "{}]"), ("arrays", "[" + "[]," * (n // 3) + "[]]"),
                       ("numbers", "[" + "1," * (n // 2) + "1]"), ("text", '["' + "a" * n + '"]'),
                       ("escapes", '["' + "\\u0041" * (n // 6) + '"]'), ("deep", "[" * n),
                       ("keys", "{" + ",".join('"%x":1' % i for i in range(2 * million)) + "}"),
                       ("small-objects", "[" + "{}," * 200000 + "{}]"), ("small-arrays", "[" + "[]," * 300000 + "[]]"),
                       ("small-keys", "{" + ",".join('"%x":1' % i for i in range(200000)) + "}"),
                       ("strings", "[" + '"a",' * (n // 4) + '"a"]')]:
        put("json", name, "s" + text)
        put("json", "run-" + name, "r" + text)
        put("manifest", "run-" + name, "r" + text)
        put("safetensors", name, st(text))
        put("safetensors", "in-header-" + name, st('{"a":%s}' % text))
    one = '{"benchmark":"%x","metric":""}'
    put("json", "scores-9999", "s[" + ",".join(one % i for i in range(9999)) + "]")
    put("json", "scores-20000", "s[" + ",".join(one % i for i in range(20000)) + "]")
    none = '"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    put("safetensors", "entries", st("{" + ",".join(none % i for i in range(300000)) + "}"))
    put("safetensors", "entries-few", st("{" + ",".join(none % i for i in range(20000)) + "}"))
    put("safetensors", "spaces", st(" " * n + "{}"))
    put("safetensors", "tensor", st({"a": entry("U8", (n,), (0, n))}, b"\0" * n))
    put("npy", "array", npy(npy_header("|u1", shape="(%d,)" % n), b"\0" * n))
    put("npy", "header", npy(npy_header() + " " * million, version=2))
    put("yaml", "comments", "#\n" * (million // 2))
    put("yaml", "text", "name: " + "x" * million)
    put("yaml", "brackets", "name: " + "[" * million)
    put("yaml", "braces", "{" * million)
    put("yaml", "dashes", "- " * (million // 2))
    put("yaml", "questions", "? " * (million // 2))
    put("yaml", "spaces", "name:" + " " * million + "x")
    put("yaml", "lines", "name: |\n" + " a\n" * (million // 3))
    put("yaml", "keys", "".join("k%d: 1\n" % i for i in range(million // 12)))
    put("yaml", "list", "list: [" + "1, " * (million // 3))
    put("yaml", "escapes", 'name: "' + "\\x41" * (million // 4) + '"')
    put("yaml", "too-large", "#" * (2 * million))
    # what libpng unpacks of 30 texts and profiles, what it sees in 16 pictures' worth of zeros
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"a" * 7000000, 9))
    put("png", "texts", png(extra=text * 30))
    put("png", "texts-uncompressed", png(extra=chunk(b"tEXt", b"k\0v") * 5000))
    put("png", "4096-square", png(4096, 4096, pixels=(b"\0" * 12289) * 4096))
    put("png", "4096-square-interlaced", png(4096, 4096, interlace=1, pixels=b"\0" * (12288 * 4096 + 3 * 8192)))
    put("png", "16384-square", png(16384, 16384, 1, 0, pixels=b"\0" * (2049 * 16384)))
    put("png", "pixels-after-the-end", png(4, 4, pixels=b"\0" * 60000000))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        ROOT, LIMIT = sys.argv[1], 1 << 26
        make_large()
        sys.exit()
    for make in [make_npy, make_npz, make_safetensors, make_cifar10, make_png, make_jpeg, make_yaml, make_csv,
                 make_json, make_manifest, make_metrics, make_tfrecord, make_tf_example, make_clickme_shard,
                 make_gloss_ratings, make_label_map, make_mvh_people, make_cifar10h, make_recording, make_cue_records,
                 make_clickme_index, make_latent_index, make_packed_shard, make_latent_cache, make_study, make_run]:
        try:
            make()
        except FileNotFoundError as e:
            print("skipped:", e)
