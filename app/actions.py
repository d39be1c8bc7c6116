"""What ``action=...`` can be: one function each, given the configuration."""

from collections.abc import Callable

from app.config import Lv3Config

__all__ = ["ACTIONS"]


def run(config: Lv3Config) -> None:
    """Make the mosaic."""
    from app.step import Lv3Step

    Lv3Step.from_config(config).do_step()


def selftest(config: Lv3Config) -> None:
    """Check this installation with a simulated observation."""
    from app.selftest import selftest as check_installation

    check_installation(config)


ACTIONS: dict[str, Callable[[Lv3Config], None]] = {"run": run, "selftest": selftest}
