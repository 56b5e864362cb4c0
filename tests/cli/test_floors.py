"""The rooms of src/ are those of docs/architecture.md: its table "Floors and
rooms" is held against the files that are there and what each includes."""

import fnmatch
import re
import unittest
from pathlib import Path

from support import TESTS_DIR

ROOT = TESTS_DIR.parent
# Where the headers of a library are known by, and its name in the table.
LIBRARIES = (
    (r"csv\.h", "libcsv"),
    (r"curl/", "libcurl"),
    (r"idn2\.h", "libidn2"),
    (r"jansson\.h", "jansson"),
    (r"microhttpd\.h", "libmicrohttpd"),
    (r"sodium\.h", "libsodium"),
    (r"sqlite3\.h", "SQLite"),
    (r"uni(case|conv|ctype|lbrk|name|norm|str|stdio|types|wbrk|width)\.h",
     "libunistring"),
    (r"zlib\.h", "zlib"),
)


class Room:
    """A line of the table. A room without a floor is a program of its own: it
    stands on the lowest floor, and nobody includes it."""

    def __init__(self, floor, modules, libraries):
        self.floor = int(floor) if floor else None
        self.modules = set(modules)
        self.libraries = set(libraries)

    def may_include(self, other):
        if other.floor is None:
            return False
        return other.floor < (1 if self.floor is None else self.floor)


def read_table(text):
    """{name: Room}; a module is what stands between backticks."""
    _, _, section = text.partition("## Floors and rooms\n")
    section, _, _ = section.partition("\n## ")
    rooms = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"`\w+`", cells[1]):
            floor, name, modules, libraries = cells
            rooms[name.strip("`")] = Room(
                floor,
                re.findall(r"`([\w.*]+)`", modules),
                re.findall(r"\w+", libraries),
            )
    return rooms


def read_sources():
    """{"room/file": its includes} of src/; "" is the room of main.c."""
    sources = {}
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in (".c", ".h", ".css", ".js", ".sql"):
            name = path.relative_to(ROOT / "src").as_posix()
            sources[name] = re.findall(
                r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M
            )
    return sources


def modules_of(room, sources):
    """A C module is known by its name, any other file by all of it."""
    files = [Path(name) for name in sources if Path(name).parts[0] == room]
    return {
        file.stem if file.suffix in (".c", ".h") else file.name
        for file in files
    }


def library_of(include):
    for pattern, library in LIBRARIES:
        if re.match(pattern, include):
            return library
    return None


def seen_from(name, sources):
    """`name` and all files that it sees, through whatever headers."""
    seen, ahead = set(), [name]
    while ahead:
        name = ahead.pop()
        if name in sources and name not in seen:
            seen.add(name)
            ahead += sources[name]
    return seen


def wrong_modules(rooms, sources):
    for name, room in rooms.items():
        there = modules_of(name, sources)
        for module in sorted(there):
            if not any(fnmatch.fnmatch(module, like) for like in room.modules):
                yield f"{name}/{module} is not in the table"
        for like in sorted(room.modules):
            if not fnmatch.filter(there, like):
                yield f"{name}/{like} is in the table only"
    for name in sources:
        folder = Path(name).parts[0]
        if folder != "main.c" and folder not in rooms:
            yield f"{name} is in a room that is not in the table"


def wrong_includes(rooms, sources):
    for name, includes in sources.items():
        own = Path(name).parts[0]
        for include in includes:
            other = Path(include).parts[0]
            if other in rooms and own in rooms and own != other:
                if not rooms[own].may_include(rooms[other]):
                    yield f"{name} includes {include}"
            library = library_of(include)
            if library and library not in getattr(
                rooms.get(own), "libraries", ()
            ):
                yield f"{name} includes {library}, which is not its room's"


def leaking_headers(sources):
    """Those that show a library to another room."""
    for name in sources:
        own = Path(name).parts[0]
        for header in seen_from(name, sources):
            if Path(header).parts[0] != own:
                for include in filter(library_of, sources[header]):
                    yield f"{name} sees {include} through {header}"


def wrong(rooms, sources):
    return [
        *wrong_modules(rooms, sources),
        *wrong_includes(rooms, sources),
        *leaking_headers(sources),
    ]


class Floors(unittest.TestCase):
    def test_the_rooms_are_as_the_table_has_them(self):
        rooms = read_table((ROOT / "docs/architecture.md").read_text())
        self.assertGreater(len(rooms), 8)
        self.assertEqual(wrong(rooms, read_sources()), [])

    def test_each_library_is_of_one_room(self):
        """But jansson, which the sandbox has too: it is another program."""
        rooms = read_table((ROOT / "docs/architecture.md").read_text())
        told = [
            library
            for room in rooms.values()
            if room.floor is not None
            for library in room.libraries
        ]
        self.assertEqual(sorted(told), sorted(set(told)))
        self.assertLessEqual(set(told), {name for _, name in LIBRARIES})


TABLE = """
## Floors and rooms

| floor | room | modules | library |
|---|---|---|---|
| 0 | `base` | `error` | |
| 1 | `input` | `csv`, `row` | libcsv |
| 1 | `queue` | `queue` | |
| 2 | `app` | `command_*` | |
|   | `box` | its own: `box` | jansson |

## Something else
"""
SOURCES = {
    "base/error.h": [],
    "input/csv.c": ["csv.h", "input/row.h", "base/error.h"],
    "input/row.h": ["base/error.h"],
    "queue/queue.c": ["base/error.h", "stdio.h"],
    "app/command_send.c": ["input/row.h"],
    "app/command_check.c": ["queue/queue.h"],
    "box/box.c": ["jansson.h", "base/error.h"],
    "main.c": ["app/command_send.h"],
}


class Finds(unittest.TestCase):
    """That the tests above would fail."""

    def found(self, *changes):
        return wrong(read_table(TABLE), {**SOURCES, **dict(changes)})

    def test_nothing_where_all_is_well(self):
        self.assertEqual(self.found(), [])

    def test_each_kind_of_fault(self):
        for name, includes, words in (
            ("base/error.h", ["input/row.h"], "base/error.h includes input"),
            ("queue/queue.c", ["input/row.h"], "queue.c includes input/row.h"),
            ("app/command_send.c", ["box/box.h"], "includes box/box.h"),
            ("box/box.c", ["queue/queue.h"], "box.c includes queue/queue.h"),
            ("queue/queue.c", ["csv.h"], "queue.c includes libcsv"),
            ("main.c", ["curl/curl.h"], "main.c includes libcurl"),
            ("input/row.h", ["csv.h"], "command_send.c sees csv.h through"),
            ("input/more.c", [], "input/more is not in the table"),
            ("other/file.c", [], "other/file.c is in a room that is not"),
        ):
            with self.subTest(words=words):
                found = self.found((name, includes))
                self.assertTrue(any(words in fault for fault in found), found)

    def test_a_module_that_is_gone(self):
        sources = {k: v for k, v in SOURCES.items() if k != "queue/queue.c"}
        self.assertEqual(
            wrong(read_table(TABLE), sources),
            ["queue/queue is in the table only"],
        )


if __name__ == "__main__":
    unittest.main()
