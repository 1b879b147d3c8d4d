"""A Chromium without a window, that tells what it was asked to load and what its console says."""

import json
import os
import shutil
import struct
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


@contextmanager
def browser():
    """YIELDS (WebDriver): Chromium. Where there is none the test skips, unless EL4NER_BROWSER=1."""
    if not (CHROMIUM and DRIVER and find_spec("selenium")):
        reason = "needs chromium and chromedriver (make browser) and selenium (the extra 'dev')"
        (pytest.fail if os.environ.get("EL4NER_BROWSER") == "1" else pytest.skip)(reason)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def resize(driver, width, height=850):
    """Be a device of this size, in CSS pixels; a narrow one is a phone."""
    settings = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", settings)


def darken(driver, dark):
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def requests(driver):
    """RETURNS (list[str]): Addresses that were asked for since the last time."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def png_size(data):
    """RETURNS (tuple[int, int]): Width and height that a PNG's header gives."""
    assert data.startswith(b"\x89PNG")
    return struct.unpack(">II", data[16:24])
