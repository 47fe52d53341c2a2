"""The Pulumi program. Stack `dev` is the platform of environment dev, `dev.support` team support's part."""

from pathlib import Path

import pulumi

from components.program import deploy

deploy(pulumi.get_stack(), Path(__file__).absolute().parent)
