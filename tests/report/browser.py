#!/usr/bin/env python3
"""The report's page in a browser, as a reader has it: browser.py JEM SCREENSHOTS

A small study whose names were written to harm is reported by the program JEM.  Its pictures at every width and in
both schemes are kept in the folder SCREENSHOTS, to be looked at.
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

from webdriver import Browser

WIDTHS = 1400, 800, 420, 360
SCHEMES = "light", "dark"
ALPHAS = 0, 0.5, 1
SEEDS = 1, 2
STEPS = 0, 5, 50
EVIL = "<img src=x onerror=alert(1)>"
LONG = "a-name-without-a-place-to-break-it-" * 6
TAB, ENTER, ESCAPE = "\ue004", "\ue007", "\ue00c"
END, HOME, LEFT, RIGHT, DOWN = "\ue010", "\ue011", "\ue012", "\ue014", "\ue015"

program, screenshots = sys.argv[1:3]


# ---- a study

def write_png(path, width, height, pixel):
    """pixel(x, y): red, green, blue."""
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in pixel(x, y)) for y in range(height))

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def write_samples(folder, alpha, seed):
    """A row of the shared start's sheet is of one colour, which tells alpha, seed and step."""
    os.makedirs(folder + "/trajectory/0")
    for k, step in enumerate(STEPS):
        write_png("%s/trajectory/0/%04d.png" % (folder, step), 8, 8, lambda x, y: (80 * k, 0, 0))
    write_png(folder + "/shared_start.png", 78, 8 * len(STEPS) + 2 * (len(STEPS) - 1),
              lambda x, y: (80 * (y // 10), int(250 * alpha), 100 * seed))
    write_png(folder + "/data.png", 78, 78, lambda x, y: (3 * x, 3 * y, 128))


def score(alpha, seed, benchmark, metric, value, **others):
    keys = dict(benchmark=benchmark, metric=metric, model="wrn-10-1", alpha=alpha, seed=seed, dataset=None,
                condition=None, value=value, low=value - 0.03, high=value + 0.02, n=1000, ceiling=None,
                formula=EVIL, data_hash=None, command="jem eval " + EVIL)
    return dict(keys, **others)


def write_run(study, alpha, seed, name):
    run = "%s/%s" % (study, name)
    os.makedirs(run + "/scores")
    with open(run + "/config.yaml", "w") as file:
        file.write("alpha: %g\nseed: %d\nmodel:\n  name: wrn-10-1\ndata:\n  kind: gloss\n  size: 8\n" % (alpha, seed))
    with open(run + "/run.json", "w") as file:
        json.dump({"status": "finished", "version": EVIL, "model": EVIL, "alpha": alpha, "seed": seed, "classes": 2,
                   "iteration": 100, "iterations": 100}, file)
    with open(run + "/metrics.csv", "w") as file:
        file.write("iteration,loss_d,lse_gap,accuracy\n")
        for i in range(1, 40):
            file.write("%d,%g,%g,%g\n" % (i, 1 / i + alpha + 0.1 * seed, alpha * i / 40, 1 - 1 / (i + 1)))
    scores = [score(alpha, seed, "classification", "accuracy", 0.9 - 0.2 * alpha + 0.01 * seed),
              score(alpha, seed, "classification", "nll", 10 + 3 * alpha + seed),
              score(alpha, seed, "classification", "ece", 9 - 3 * alpha),
              score(alpha, seed, "scenes", "relief_r2", 0.05 - 0.06 * alpha + 0.03 * (seed - 1.5)),
              score(alpha, seed, "ood", "auroc", 0.5 + 0.2 * alpha, condition="lse:" + EVIL),
              score(alpha, seed, "ood", "auroc", 0.6 - 0.2 * alpha, condition="lse:" + LONG),
              score(alpha, seed, "<script>&'", LONG, 0.3 + 0.1 * alpha * seed)]
    with open(run + "/scores/scores.json", "w") as file:
        json.dump(scores, file)
    write_samples(run + "/samples", alpha, seed)


def jem(*arguments):
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError("jem %s: %s" % (" ".join(arguments), done.stdout))


def write_pages(folder):
    """The page of a study, and one of models side by side."""
    study = folder + "/study " + "<b>bold"
    os.makedirs(study)
    for alpha in ALPHAS:
        for seed in SEEDS:
            name = EVIL if alpha == 0 and seed == 2 else "%g-%s%d" % (alpha, LONG if alpha == 1 else "", seed)
            write_run(study, alpha, seed, name)
    jem("report", study, "-o", folder + "/study.html")
    jem("report", study, study + "/" + EVIL, "-o", folder + "/models.html")


# ---- what a reader does

class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        write_pages(cls.folder)
        os.makedirs(screenshots, exist_ok=True)
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.open()

    def open(self, page="study", width=1400, scheme="light", touch=False):
        self.browser.show_as(width, 900, scheme, touch)
        self.browser.open("about:blank")  # the same address again would be a reload
        self.browser.open("file://%s/%s.html" % (self.folder, page))

    def run_js(self, script, *arguments):
        return self.browser.run(script, *arguments)

    def wait_for(self, script, *arguments):
        """Until the function body returns something true, which is returned; styles change gradually."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            value = self.run_js(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        self.fail("never true: " + script)

    def middle_of(self, selector):
        """Where its first element is in the window, after scrolling to it and telling the page of that."""
        return self.run_js("""
            const element = document.querySelector(arguments[0]);
            element.scrollIntoView({block: 'center', behavior: 'instant'});
            const frame = () => new Promise(requestAnimationFrame);
            return frame().then(frame).then(() => {
                const box = element.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            });""", selector)

    def test_nothing_is_wider_than_the_screen_and_the_console_stays_empty(self):
        for page in "study", "models":
            for width in WIDTHS:
                for scheme in SCHEMES:
                    with self.subTest(page=page, width=width, scheme=scheme):
                        self.open(page, width, scheme, touch=width < 600)
                        self.assertEqual(self.browser.console(), [])
                        self.assertLessEqual(self.run_js("return document.documentElement.scrollWidth"), width)
                        self.assertEqual(self.run_js("return getComputedStyle(document.body).overflowX"), "visible")
                        self.browser.picture("%s/%s-%d-%s.png" % (screenshots, page, width, scheme))

    def test_figures_have_text_of_nine_pixels_and_their_pictures_on_phones_too(self):
        for page in "study", "models":
            self.open(page, 360, touch=True)
            sizes, pictures = self.run_js("""
                const seen = [...document.querySelectorAll('.plot svg')].filter(each => each.checkVisibility());
                const all = selector => seen.flatMap(each => [...each.querySelectorAll(selector)]);
                const zoom = matrix => Math.hypot(matrix.a, matrix.b);
                return [all('text').map(each => parseFloat(getComputedStyle(each).fontSize) * zoom(each.getScreenCTM())),
                        all('use').map(each => each.getBoundingClientRect()).map(box => [box.width, box.height])];""")
            self.assertGreater(min(sizes), 9)
            if page == "study":
                self.assertGreater(len(pictures), len(ALPHAS))
                self.assertGreater(min(min(sides) for sides in pictures), 20)

    def test_figures_have_text_that_can_be_read_at_every_width(self):
        for width in 620, 700, 900, 1010, 1200:
            for page in "study", "models":
                with self.subTest(page=page, width=width):
                    self.open(page, width)
                    sizes = self.run_js("""
                        const seen = [...document.querySelectorAll('.plot svg')].filter(each => each.checkVisibility());
                        const zoom = matrix => Math.hypot(matrix.a, matrix.b);
                        return seen.flatMap(each => [...each.querySelectorAll('text')]).map(
                            each => parseFloat(getComputedStyle(each).fontSize) * zoom(each.getScreenCTM()));""")
                    self.assertGreater(min(sizes), 8)
                    self.browser.picture("%s/%s-%d.png" % (screenshots, page, width))

    # Texts whose letters (from the baseline to the height of an x) lie in what is drawn, but for grids and pale grounds.
    COVERED = """
        const opacity = each => Number(each.getAttribute('fill-opacity') || 1);
        const isDrawn = each => !each.closest('clipPath') && ![each.getAttribute('stroke'), each.getAttribute('fill')].includes('var(--grid)');
        const clipOf = each => {
            const group = each.closest('g[clip-path]');
            return group && document.querySelector(group.getAttribute('clip-path').slice(4, -1)).querySelector('rect').getBBox();
        };
        const within = (box, point) => !box || (point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y &&
                                                point.y <= box.y + box.height);
        const isOn = (shape, point) => within(clipOf(shape), point) && (
            (shape.getAttribute('fill') && shape.getAttribute('fill') !== 'none' && opacity(shape) > 0.15 && shape.isPointInFill(point)) ||
            (shape.getAttribute('stroke') && shape.getAttribute('stroke') !== 'none' && shape.isPointInStroke(point)));
        const found = [];
        for (const svg of document.querySelectorAll('.plot svg')) {
            if (!svg.checkVisibility()) continue;
            const shapes = [...svg.querySelectorAll('circle, path, polygon, rect')].filter(isDrawn);
            for (const text of svg.querySelectorAll('text:not([transform])')) {
                const box = text.getBBox(), base = Number(text.getAttribute('y')), size = Number(text.getAttribute('font-size'));
                const points = [];
                for (let x = box.x + 0.5; x < box.x + box.width; x += 2)
                    for (const up of [0.05, 0.25, 0.5]) points.push(new DOMPoint(x, base - up * size));
                if (shapes.some(shape => points.some(point => isOn(shape, point)))) found.push(text.textContent);
            }
        }
        return found;"""

    def test_labels_never_lie_on_marks_or_lines(self):
        for width in 1400, 700, 360:
            with self.subTest(width=width):
                self.open(width=width)
                self.assertEqual(self.run_js(self.COVERED), [])
        self.run_js("""
            const text = document.querySelector('.narrow text'), mark = text.ownerSVGElement.querySelector('g[aria-label] > :last-child');
            const box = mark.getBBox();
            text.setAttribute('x', box.x), text.setAttribute('y', box.y + box.height);""")
        self.assertEqual(len(self.run_js(self.COVERED)), 1)  # it would be seen

    def test_dark_pages_are_dark_and_light_ones_light(self):
        for scheme, dark in ("light", False), ("dark", True):
            self.open(scheme=scheme)
            paper, ink, axis = self.run_js("""
                const style = selector => getComputedStyle(document.querySelector(selector));
                return [style('body').backgroundColor, style('body').color, style('.plot svg text').fill]
                    .map(colour => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0));""")
            self.assertEqual(paper < 200, dark)
            self.assertEqual(ink > 400, dark)
            self.assertEqual(axis > 400, dark)

    def test_names_that_were_written_to_harm_are_text(self):
        for page in "study", "models":
            self.open(page)
            self.assertEqual(self.run_js("return document.querySelectorAll('img, main script, main b b').length"), 0)
            self.assertIn(EVIL, self.run_js("return document.body.textContent"))
            self.assertEqual(self.browser.console(), [])
        self.open()
        notes = self.run_js("return [...document.querySelectorAll('svg [aria-label]')].map(g => g.ariaLabel)")
        self.assertTrue(any(EVIL in note for note in notes))

    def test_everything_can_be_read_without_the_script(self):
        self.browser.without_scripts()
        try:
            self.open()
            self.browser.picture(screenshots + "/study-without-script.png")
        finally:
            self.browser.without_scripts(False)
        state = self.run_js("""return {
            sort: document.querySelectorAll('.sort').length, notes: document.querySelectorAll('svg title').length,
            tools: document.querySelector('.alphas').offsetHeight + document.querySelector('.browser').offsetHeight,
            cells: document.querySelectorAll('td').length, sheets: document.querySelectorAll('svg image').length}""")
        self.assertEqual((state["sort"], state["tools"]), (0, 0))
        self.assertGreater(min(state["notes"], state["cells"], state["sheets"]), 5)

    # ---- marks

    def accuracy_mark(self):
        return self.middle_of("g[data-alpha='0.5'][aria-label^='Accuracy'] > :last-child")

    BOX = "const box = document.querySelector('.note'); return !box.hidden && box.textContent"

    def test_a_mark_under_the_pointer_says_what_it_is_and_dims_the_rest(self):
        x, y = self.accuracy_mark()
        self.browser.point(x + 4, y + 3)
        self.assertEqual(self.wait_for(self.BOX).split("\n"),
                         ["Accuracy, \u03b1 = 0.5: 0.815 \u00b1 0.005, mean of 2 seeds",
                          "seed 1: 0.810, 95 % interval 0.780 to 0.830, n = 1000",
                          "seed 2: 0.820, 95 % interval 0.790 to 0.840, n = 1000"])
        self.wait_for("""
            const groups = [...document.querySelector('g.lit').ownerSVGElement.querySelectorAll('g[aria-label]')];
            const dim = groups.filter(each => getComputedStyle(each).opacity < 0.5);
            return groups.length > 5 && dim.length === groups.length - 1 && !dim.includes(document.querySelector('.lit'));
            """)
        within = self.run_js("""const box = document.querySelector('.note').getBoundingClientRect();
            return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight""")
        self.assertTrue(within)
        self.browser.picture(screenshots + "/study-pointed.png", whole=False)
        self.browser.point(2, y)
        self.wait_for("return document.querySelector('.note').hidden && !document.querySelector('.lit, .lighting')")

    def test_a_curve_under_the_pointer_says_whose_it_is(self):
        x, y = self.run_js("""
            const path = document.querySelector(".wide g[aria-label^='0.5-2'] path[d]");
            path.scrollIntoView({block: 'center', behavior: 'instant'});
            const frame = () => new Promise(requestAnimationFrame), at = path.getPointAtLength(path.getTotalLength() * 0.7);
            return frame().then(frame).then(() => {
                const on = new DOMPoint(at.x, at.y).matrixTransform(path.getScreenCTM());
                return [on.x, on.y];
            });""")
        self.browser.point(x, y)
        self.assertEqual(self.wait_for(self.BOX), "0.5-2\n\u03b1 = 0.5, seed 2")

    def test_a_tap_says_it_too_and_chooses_nothing(self):
        self.open(width=360, touch=True)
        x, y = self.middle_of(".narrow g[data-alpha='0.5'][aria-label^='Accuracy'] > :last-child")
        self.browser.tap(x, y)
        self.assertIn("seed 2: 0.820", self.wait_for(self.BOX))
        self.assertTrue(self.run_js("return document.querySelector('.note').getBoundingClientRect().right <= 360"))
        self.assertFalse(self.run_js("return document.body.classList.contains('choosing')"))
        self.browser.tap(5, 5)
        self.wait_for("return document.querySelector('.note').hidden")

    # ---- marks by keyboard

    FOCUSED = """
        const at = document.activeElement, box = document.querySelector('.note'), style = getComputedStyle(at);
        if (!at.matches('.plot g')) return null;
        const place = box.getBoundingClientRect(), groups = [...at.ownerSVGElement.querySelectorAll('g[aria-label]')];
        return {label: at.ariaLabel, said: box.hidden ? '' : box.textContent, ring: style.outlineStyle + ' ' + style.outlineWidth,
                lit: at.classList.contains('lit'), index: groups.indexOf(at), count: groups.length,
                within: place.left >= 0 && place.top >= 0 && place.right <= innerWidth && place.bottom <= innerHeight}"""

    def tab_to_a_mark(self):
        for _ in range(200):
            self.browser.press(TAB)
            at = self.run_js(self.FOCUSED)
            if at and at["count"] > 5:
                return at
        self.fail("no mark was reached")

    def test_marks_are_reached_by_keyboard_and_say_what_they_are(self):
        self.focus("[data-choose='1']")
        at = self.tab_to_a_mark()
        self.assertEqual((at["index"], at["said"], at["lit"], at["ring"]), (0, at["label"], True, "solid 2px"))
        self.wait_for("return getComputedStyle(document.querySelector('.lighting g[aria-label]:not(.lit)')).opacity < 0.5")
        self.browser.picture(screenshots + "/study-focused.png", whole=False)
        for key, index in (RIGHT, 1), (DOWN, 2), (LEFT, 1), (END, at["count"] - 1), (RIGHT, at["count"] - 1), (HOME, 0):
            self.browser.press(key)
            now = self.run_js(self.FOCUSED)
            self.assertEqual((now["index"], now["said"], now["ring"], now["within"]), (index, now["label"], "solid 2px", True))
        stops = self.run_js("""return [...document.querySelectorAll('.plot svg[role=group]')].map(
            each => each.querySelectorAll('[tabindex="0"]').length)""")
        self.assertEqual(set(stops), {1})

    def test_enter_on_a_mark_chooses_its_alpha_and_escape_hides_what_it_says(self):
        self.focus("[data-choose='1']")
        self.tab_to_a_mark()
        alpha = self.run_js("return document.activeElement.dataset.alpha")
        self.browser.press(ENTER)
        self.assertEqual(self.run_js(self.CHOSEN)["alphas"], [alpha])
        self.browser.press(ESCAPE)
        self.assertEqual(self.run_js(self.FOCUSED)["said"], "")
        self.browser.press(ESCAPE)
        self.assertEqual(self.run_js(self.CHOSEN)["alphas"], [])

    # ---- tables

    def column(self, heading):
        return self.run_js("""
            const th = [...document.querySelectorAll('thead th')].find(each => each.textContent === arguments[0] &&
                each.closest('table').textContent.includes('Accuracy'));
            th.dataset.found = '';
            return {sort: th.ariaSort, cells: [...th.closest('table').tBodies[0].rows].map(
                row => row.cells[th.cellIndex].firstChild.textContent)};""", heading)

    def test_a_heading_sorts_its_column_as_numbers_and_by_keyboard(self):
        before = self.column("0.5")
        self.assertEqual((before["sort"], len(before["cells"])), ("none", 3))
        self.browser.click(*self.middle_of("th[data-found] .sort"))
        self.assertEqual(self.column("0.5"), {"sort": "ascending", "cells": ["0.815", "7.500", "13.00"]})
        self.browser.press(ENTER)  # which the heading has the focus for
        self.assertEqual(self.column("0.5"), {"sort": "descending", "cells": ["13.00", "7.500", "0.815"]})
        self.browser.press(ENTER)
        self.assertEqual(self.column("0.5"), before)

    # ---- alphas

    CHOSEN = """
        const chosen = [...document.querySelectorAll('.chosen')];
        return {pressed: [...document.querySelectorAll('[aria-pressed=true]')].map(each => each.textContent),
                alphas: [...new Set(chosen.map(each => each.dataset.alpha).filter(each => each))],
                figures: new Set(chosen.map(each => each.ownerSVGElement).filter(each => each)).size,
                cells: chosen.filter(each => each.localName === 'td').length,
                runs: chosen.filter(each => each.localName === 'details').length}"""

    def test_an_alpha_that_is_chosen_is_marked_everywhere(self):
        self.browser.click(*self.middle_of("[data-choose='0.5']"))
        state = self.run_js(self.CHOSEN)
        self.assertEqual((state["pressed"], state["alphas"], state["runs"]), (["0.5"], ["0.5"], len(SEEDS)))
        self.assertGreater(state["figures"], 5)
        self.assertGreater(state["cells"], 5)
        self.wait_for("""return [...document.querySelectorAll('.plot g[data-alpha]')].every(each =>
            (getComputedStyle(each).opacity > 0.9) === (each.dataset.alpha === '0.5'))""")
        self.browser.picture(screenshots + "/study-chosen.png")
        self.browser.press(ESCAPE)
        self.assertEqual(self.run_js(self.CHOSEN)["alphas"], [])

    def test_a_choice_outlasts_a_page_that_reloads_itself(self):
        self.browser.click(*self.middle_of("[data-choose='0.5']"))
        self.run_js("window.before = true; location.reload()")
        self.wait_for("return !window.before && document.readyState === 'complete'")
        self.assertEqual(self.run_js(self.CHOSEN)["pressed"], ["0.5"])
        self.assertEqual(self.shown()[0], "samples, \u03b1 = 0.5, seed 1, 50 steps")
        self.open()
        self.assertEqual(self.run_js(self.CHOSEN)["pressed"], [])

    def test_a_click_on_a_mark_chooses_its_alpha_and_another_one_none(self):
        where = self.accuracy_mark()
        self.browser.click(*where)
        self.assertEqual(self.run_js(self.CHOSEN)["pressed"], ["0.5"])
        self.browser.click(*where)
        self.assertEqual(self.run_js(self.CHOSEN)["pressed"], [])

    # ---- samples

    def shown(self):
        """What the browser of samples shows: the colour in the middle of its picture, and what it says of it."""
        return self.wait_for("""
            const crop = document.querySelector('.browser .crop'), image = new Image();
            image.src = crop.style.backgroundImage.slice(5, -2);
            if (!image.complete) return null;
            const canvas = document.createElement('canvas'), rows = arguments[0];
            canvas.width = image.naturalWidth, canvas.height = image.naturalHeight;
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            const share = parseFloat(crop.style.backgroundPositionY) / 100;
            const height = image.naturalHeight / rows, y = share * (image.naturalHeight - height) + height / 2;
            return [crop.ariaLabel, [...context.getImageData(image.naturalWidth / 2, y, 1, 1).data].slice(0, 3)];""",
                             len(STEPS))

    def assert_shows(self, alpha, seed, step):
        said, colour = self.shown()
        self.assertEqual(said, "samples, \u03b1 = %g, seed %d, %d steps" % (alpha, seed, STEPS[step]))
        for value, expected in zip(colour, (80 * step, int(250 * alpha), 100 * seed)):
            self.assertLess(abs(value - expected), 12, "%s of %s" % (colour, said))

    def focus(self, selector):
        self.middle_of(selector)
        self.run_js("document.querySelector(arguments[0]).focus()", selector)

    def test_samples_are_browsed_by_alpha_seed_and_step(self):
        self.assert_shows(0, 1, 2)
        self.focus(".browser label:nth-of-type(2) select")
        self.browser.press(DOWN)
        self.assert_shows(0, 2, 2)
        self.focus(".browser input")
        self.browser.press(LEFT)
        self.assert_shows(0, 2, 1)
        self.focus(".browser select")
        self.browser.press(DOWN + DOWN)
        self.assert_shows(1, 2, 1)
        self.browser.click(*self.middle_of("[data-choose='0.5']"))
        self.assert_shows(0.5, 2, 1)
        crops = self.run_js("return [...document.querySelectorAll('.crop')].map(each => [each.ariaLabel, each.offsetHeight])")
        self.assertEqual([crops[1][0], len(crops)], ["real images", 2])
        self.assertGreater(min(height for _, height in crops), 20)
        self.assertEqual(self.browser.console(), [])

    def test_paper_has_no_controls(self):
        self.browser.print_media()
        heights = self.run_js("return ['.alphas', '.browser', '.note'].map(each => document.querySelector(each).offsetHeight)")
        self.assertEqual(heights, [0, 0, 0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
