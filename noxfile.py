"""The blocks and the plugin under both runtimes of Open edX: `nox`.

Python 3.11 with XBlock 6.1, the last for it; Python 3.12 with XBlock 6.3, as in Verawood.
"""

import nox

nox.options.reuse_existing_virtualenvs = True
nox.options.default_venv_backend = "venv"
# What people do most; every page under every mount is looked at under the Python of `make test`.
PAGES = [f"tests/companion/web/test_{name}.py" for name in ("pages", "question_pages", "reflection_pages")]


@nox.session(python=["3.11", "3.12"])
def openedx(session: nox.Session) -> None:
    session.install("-e", ".[standalone,dev]")
    session.run("pip", "check")
    session.run(
        *("pytest", "-q", "-p", "no:cacheprovider", "-m", "not browser and not packaging"),
        # The pages under their mounts in Open edX: an LTI session knows no XBlock.
        *("tests/xblocks", "tests/openedx", *PAGES, "-k", "not lti"),
        *session.posargs,
        env={"PYTHONPATH": "."},
    )
