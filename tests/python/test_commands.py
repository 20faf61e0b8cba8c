"""Every command of the program has its names in Python: tests/lib/commands.txt, whose list tests/cli holds against the
program's own table."""

import functools
import os
import unittest

import jem

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "commands.txt")


class Commands(unittest.TestCase):
    def test_every_command_has_names_that_exist(self):
        with open(LIST, encoding="utf-8") as f:
            lines = [line.split() for line in f if line.strip() and not line.startswith("#")]
        self.assertGreater(len(lines), 20)
        for command, *words in lines:
            names = [w for w in words if not w.startswith("jem_")]
            with self.subTest(command):
                self.assertTrue(names)
                for name in names:
                    if name != "-":
                        self.assertTrue(callable(functools.reduce(getattr, name.split("."), jem)) or "." in name)


if __name__ == "__main__":
    unittest.main()
