"""ctypes checks nothing: structs and functions against the headers themselves."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from jem import _library

CC = os.environ.get("CC", "cc").split()
INCLUDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "include")


def header_text():
    folder = os.path.join(INCLUDE, "jem")
    text = ""
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            text += re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    return text


class Layout(unittest.TestCase):
    @unittest.skipUnless(shutil.which(CC[0]), "no C compiler")
    def test_structs_lie_as_in_the_headers(self):
        lines, expected = [], []
        for name, struct in _library.STRUCTS.items():
            lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
            expected.append(f"{name} {ctypes.sizeof(struct)}")
            for member, _ in struct._fields_:
                where = getattr(struct, member)
                lines.append(f'printf("{name}.{member} %zu %zu\\n", offsetof({name}, {member}), '
                             f"sizeof((({name} *)0)->{member}));")
                expected.append(f"{name}.{member} {where.offset} {where.size}")
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "layout.c"), os.path.join(folder, "layout")
            with open(source, "w", encoding="utf-8") as f:
                f.write("#include <jem/jem.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void)\n{\n" +
                        "\n".join(lines) + "\nreturn 0;\n}\n")
            subprocess.run([*CC, f"-I{INCLUDE}", source, "-o", program], check=True)
            found = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
        self.assertEqual(found, expected)

    def test_every_struct_and_function_is_declared(self):
        text = header_text()
        structs = set(re.findall(r"typedef struct (jem_\w+) \{", text))
        self.assertEqual(structs, set(_library.STRUCTS))
        functions = set(re.findall(r"JEM_API [^;(]*?(jem_\w+)\(", text))
        self.assertEqual(functions, set(_library.STATUS) | set(_library.OTHERS) | _library.UNUSED | {"jem_error"})

    def test_a_function_has_as_many_arguments_as_its_prototype(self):
        for result, name, arguments in re.findall(r"JEM_API ([^;(]*?)(jem_\w+)\(([^;]*)\)[^;]*;", header_text()):
            declared = _library.STATUS.get(name) or (_library.OTHERS.get(name) or (None, None))[1]
            if declared is None:
                continue
            count = 0 if arguments.strip() == "void" else arguments.count(",") + 1
            self.assertEqual(len(declared), count, name)
            self.assertEqual(name in _library.STATUS, result.strip() == "jem_status", name)


class Errors(unittest.TestCase):
    def test_they_are_of_python_s_own_classes(self):
        import jem

        with self.assertRaisesRegex(jem.DataError, "/nonexistent"):
            jem.load("/nonexistent")
        with self.assertRaisesRegex(ValueError, "train.epochs"):
            jem.train({"train.epoch": 3}, out="/nonexistent/run")
        with self.assertRaisesRegex(ValueError, "precision"):
            jem.load("/nonexistent", precision="f16")

    def test_a_forked_process_is_refused(self):
        import jem

        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                jem.stats.holm([0.1])
                text = b"computed"
            except RuntimeError as error:
                text = str(error).encode()
            os.write(write, text)
            os._exit(0)
        os.waitpid(child, 0)
        self.assertIn(b"forked", os.read(read, 1000))
        os.close(read)
        os.close(write)

    def test_a_missing_library_says_what_to_do(self):
        found = subprocess.run([sys.executable, "-c", "import jem"], capture_output=True, text=True,
                               env={**os.environ, "JEM_LIBRARY": "/nonexistent/libjem.so"}, check=False)
        self.assertIn("ImportError: /nonexistent/libjem.so", found.stderr)
        self.assertIn("JEM_LIBRARY", found.stderr)


class Types(unittest.TestCase):
    def test_all_that_is_public_says_its_types(self):
        import inspect

        import jem

        things = [getattr(jem, name) for name in jem.__all__]
        things += [f for module in (jem.stats, jem.figures) for name, f in vars(module).items() if name[0] != "_"]
        functions = [f for f in things if inspect.isfunction(f)]
        for kind in filter(inspect.isclass, things):
            if kind.__module__.startswith("jem.") and not (issubclass(kind, Exception) or hasattr(kind, "_fields")):
                for name, member in vars(kind).items():
                    member = member.fget if isinstance(member, property) else member
                    if name[0] != "_" and inspect.isfunction(member):
                        functions.append(member)
        self.assertGreater(len(functions), 70)
        for f in functions:
            signature = inspect.signature(f)
            untyped = [p for p in signature.parameters.values() if p.name != "self" and p.annotation is p.empty]
            self.assertFalse(untyped, f"{f.__qualname__}: {untyped}")
            self.assertIsNot(signature.return_annotation, signature.empty, f.__qualname__)


class Settings(unittest.TestCase):
    def test_they_are_those_of_a_config(self):
        import jem

        found = jem.settings()
        self.assertEqual(found["alpha"]["kind"], "real")
        self.assertEqual((found["alpha"]["min"], found["alpha"]["max"]), (0, 1))
        self.assertIn("linear", found["sampler.decay"]["choices"])
        self.assertTrue(all(s["help"] for s in found.values()))


if __name__ == "__main__":
    unittest.main()
