"""A browser over WebDriver (W3C), with the standard library alone: Debian's chromium, driven by its chromium-driver.

    with Browser() as browser:
        browser.open("file:///page.html")
        browser.run("return document.title")
"""
import base64
import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--disable-sync", "--hide-scrollbars",
             "--font-render-hinting=none"]


class Browser:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # for all that they leave behind
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, env=dict(os.environ, TMPDIR=self.folder.name))
        try:
            self.address = "http://127.0.0.1:%s" % self._port()
            options = {"args": ARGUMENTS + ["--user-data-dir=%s/profile" % self.folder.name]}
            self.session = "/session/" + self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", self.session)
        finally:
            self._end()

    def _end(self):
        self.driver.terminate()
        self.driver.wait(20)
        self.driver.stdout.close()
        self.folder.cleanup()

    def _port(self):
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found.group(1)
        raise RuntimeError("chromedriver did not start")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=100) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError("%s %s: %s" % (method, path, json.load(error)["value"]["message"])) from None

    def _post(self, path, body):
        return self._call("POST", self.session + path, body)

    def _devtools(self, command, **parameters):
        return self._post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, address):
        self._post("/url", {"url": address})

    def run(self, script, *arguments):
        """The value that a function body in JavaScript returns; arguments[0] and so on are its arguments."""
        return self._post("/execute/sync", {"script": script, "args": list(arguments)})

    def console(self):
        """What was written to the console since the last call; what the page's policy refused is there, too."""
        return ["%s: %s" % (entry["level"], entry["message"]) for entry in self._post("/se/log", {"type": "browser"})]

    def show_as(self, width, height, scheme, touch=False):
        """The page on a screen of width x height CSS pixels, "light" or "dark"."""
        self._devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                       mobile=touch)
        self._devtools("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def print_media(self):
        """The page as it is printed, until show_as."""
        self._devtools("Emulation.setEmulatedMedia", media="print")

    def without_scripts(self, off=True):
        """For pages that are opened from now on."""
        self._devtools("Emulation.setScriptExecutionDisabled", value=off)

    def _act(self, source, steps):
        self._post("/actions", {"actions": [{**source, "actions": steps}]})

    def _touch(self, pointer, x, y, pressing):
        steps = [{"type": "pointerMove", "duration": 0, "origin": "viewport", "x": round(x), "y": round(y)}]
        if pressing:
            steps += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self._act({"type": "pointer", "id": pointer, "parameters": {"pointerType": pointer}}, steps)

    def point(self, x, y):
        """Moves the mouse to a place of the window."""
        self._touch("mouse", x, y, False)

    def click(self, x, y):
        self._touch("mouse", x, y, True)

    def tap(self, x, y):
        self._touch("touch", x, y, True)

    def press(self, keys):
        """Where the focus is; keys that are no characters have codes of their own (WebDriver, 17.4.2)."""
        self._act({"type": "key", "id": "keyboard"}, [{"type": "key" + way, "value": key} for key in keys
                                                      for way in ("Down", "Up")])

    def picture(self, path, whole=True):
        """A PNG file of the page as long as it is, or of what the window shows of it."""
        reply = self._devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(reply["data"]))
