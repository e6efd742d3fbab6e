"""Says where each of the three packages comes from; everything else is in pyproject.toml.

`lti/` and `xblocks/` are source roots, not packages: a wheel that installed a package named `lti` would
silently overwrite the one PyPI already has under that name.
"""

from setuptools import find_packages, setup

LTI = find_packages("lti")
XBLOCKS = find_packages("xblocks")

setup(
    packages=find_packages(include=["companion", "companion.*"]) + LTI + XBLOCKS,
    package_dir={
        **{name: "lti/" + name.replace(".", "/") for name in LTI},
        **{name: "xblocks/" + name.replace(".", "/") for name in XBLOCKS},
    },
    package_data={
        "companion": ["py.typed", "locale/*/LC_MESSAGES/*"],
        "companion.web": ["templates/companion/**/*.html", "static/companion/**/*"],
        "companion_lti": [
            "py.typed",
            "templates/**/*.html",
            "static/companion_lti/**/*",
            "locale/*/LC_MESSAGES/*",
        ],
        "companion_xblocks": [
            "py.typed",
            "templates/companion_xblocks/**/*.html",
            "static/companion_xblocks/*",
            "locale/*/LC_MESSAGES/*",
        ],
    },
    include_package_data=False,
)
