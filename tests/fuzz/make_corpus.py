#!/usr/bin/env python3
"""Writes the hand-made part of tests/fuzz/corpus: files that promise too much, end too
early or contradict themselves.  Files called real-* were written by jem and by libjpeg
and are only read here.

    python3 tests/fuzz/make_corpus.py          (needs nothing but Python)
    python3 tests/fuzz/make_corpus.py DIR      files of 20 MB that ask for much memory or
                                               time, as DIR/READER/*, for a replay by hand:
                                               build-sanitize/tests/fuzz/fuzz_csv DIR/csv
"""
import json
import os
import struct
import sys
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
    put("metrics", "commas", "ma,b\n" + "," * n)
    put("metrics", "header", "m" + "," * n)
    put("metrics", "lines", "ma\n" + "1\n" * (n // 2))
    put("metrics", "tabs", "sa\tb\n" + "\t\n" * (n // 2))
    put("metrics", "quotes", "m" + "\"" * n)
    trials = "tsubj,session,trial,rt,object_response,category,condition,imagename\n"
    put("metrics", "trials", trials + "a,1,1,1,b,c,d,e\n" * (n // 16))
    put("metrics", "trials-empty", trials + ",1,1,,,,,\n" * (n // 10))
    put("metrics", "trials-few", trials + "wrn,1,1,1,banana,cat,dog,image\n" * 50000)
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
    for make in [make_npy, make_safetensors, make_cifar10, make_png, make_jpeg, make_yaml, make_csv,
                 make_json, make_manifest, make_metrics]:
        try:
            make()
        except FileNotFoundError as e:
            print("skipped:", e)
