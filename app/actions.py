"""What ``action=...`` can be: one function each, given the configuration."""

import sys
from collections.abc import Callable

from app.config import Lv3Config
from app.logs import show_all

__all__ = ["ACTIONS"]


def run(config: Lv3Config) -> None:
    """Make the mosaic."""
    from app.step import Lv3Step

    if config.verbose:
        show_all()
    Lv3Step.from_config(config).do_step()


def plan(config: Lv3Config) -> None:
    """Say what would be done; the exit status is that of a run that the preflight refuses."""
    from app.crds import set_environment
    from app.plan import make_plan
    from app.plan_text import as_json, as_table, describe
    from app.preflight import look_ahead

    set_environment(config.crds)
    planned = make_plan(config)
    outlook = look_ahead(planned)
    description = describe(planned, outlook)
    sys.stdout.write(as_json(description) if config.plan_format == "json" else as_table(description))
    outlook.conclude(config.strict)


def selftest(config: Lv3Config) -> None:
    """Check this installation with a simulated observation."""
    from app.selftest import selftest as check_installation

    check_installation(config)


ACTIONS: dict[str, Callable[[Lv3Config], None]] = {"run": run, "plan": plan, "selftest": selftest}
