"""What all tests share: in CI a random test tries what it tried before, elsewhere something new each time."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
