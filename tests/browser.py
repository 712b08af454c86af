"""A headless Chromium, driven by WebDriver's HTTP calls, for tests of pages."""

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


class Browser:
    """One window."""

    def __init__(self, profile: Path) -> None:
        driver = shutil.which("chromedriver")
        assert driver is not None
        self.process = subprocess.Popen(
            [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.address = f"http://127.0.0.1:{line.rstrip().rstrip('.').split()[-1]}"
                break
        options = {"args": [*FLAGS, f"--user-data-dir={profile}"]}
        capabilities = {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        self.session = ""
        created = self._call("POST", "/session", capabilities={"alwaysMatch": capabilities})
        self.session = f"/session/{created['sessionId']}"

    def close(self) -> None:
        """End the window and its driver."""
        try:
            self._call("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()

    def open(self, page: Path) -> None:
        """Load a page."""
        self._call("POST", "/url", url=page.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script that returns something."""
        return self._call("POST", "/execute/sync", script=script, args=arguments)

    def inside(self, selector: str | None) -> None:
        """Go into a frame of the page; None leads out again."""
        find = "return document.querySelector(arguments[0])"
        self._call("POST", "/frame", id=self.run(find, selector) if selector else None)

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Call Chromium's own protocol."""
        return self._call("POST", "/goog/cdp/execute", cmd=command, params=parameters)

    def resize(self, width: int, height: int) -> None:
        """Give the page a size."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 1000,
        )

    def prefer(self, **features: str) -> None:
        """Have the reader prefer something, such as ``color_scheme="dark"``."""
        pairs = [
            {"name": f"prefers-{name.replace('_', '-')}", "value": value}
            for name, value in features.items()
        ]
        self.devtools("Emulation.setEmulatedMedia", features=pairs)

    def press(self, *keys: str) -> None:
        """Press keys, by WebDriver's codes or as characters."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": actions})

    def drag(self, path: Sequence[tuple[float, float]]) -> None:
        """Press the mouse at the first place, move it along the others, and release it."""
        moves = [
            {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)} for x, y in path
        ]
        down, up = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        self._act({"type": "pointer", "id": "mouse", "actions": [moves[0], down, *moves[1:], up]})

    def messages(self) -> list[str]:
        """Give what the console has said since the last call."""
        return [entry["message"] for entry in self._call("POST", "/se/log", type="browser")]

    def screenshot(self) -> bytes:
        """Take a picture of the page, as PNG."""
        return base64.b64decode(self._call("GET", "/screenshot"))

    def _act(self, source: dict[str, Any]) -> None:
        self._call("POST", "/actions", actions=[source])

    def _call(self, method: str, path: str, **body: Any) -> Any:
        request = urllib.request.Request(
            self.address + self.session + path,
            data=json.dumps(body).encode() if method == "POST" else None,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        for attempt in range(50):
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return json.loads(answer.read())["value"]
            except urllib.error.HTTPError as error:
                raise AssertionError(error.read().decode()) from None
            except urllib.error.URLError:
                if attempt == 49:
                    raise
                time.sleep(0.1)
        return None
