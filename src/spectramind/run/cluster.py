"""Run one function over many items on an existing Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from spectramind.errors import ConfigError, RuntimeRiskError

if TYPE_CHECKING:
    from distributed import Client

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONNECT_S = 10


def run_on_cluster(
    function: Callable[[Item], Result], items: Sequence[Item], scheduler: str
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item as they finish.

    The workers see the same files under the same absolute paths and have the package installed. An
    item whose worker dies is given to another one, until it has cost as many workers as the
    cluster's ``allowed-failures`` permits. A result is let go as soon as it is here, so that the
    death of the worker that made it does not make it anew.

    Args:
        function, items: picklable.
        scheduler: address (``tcp://host:8786``) or scheduler file.

    Raises:
        ConfigError: Dask is not installed, or no scheduler answers.
        RuntimeRiskError: the scheduler was lost, or an item took too many workers with it.
    """
    with _connect(scheduler) as client:
        from distributed import KilledWorker, as_completed

        # pure=False: the same call is another task, never a remembered result.
        futures = client.map(function, list(items), pure=False)
        waiting = as_completed(futures, loop=client.loop)
        del futures
        try:
            for future in waiting:
                result = future.result()
                future.release()
                del future
                yield result
        except KilledWorker as error:
            raise RuntimeRiskError(
                f"{error.task} ended worker after worker of the cluster, the last one "
                f"{error.last_worker.address}: give the workers more memory; the same command goes "
                "on where this one stopped"
            ) from error
        except (CancelledError, OSError) as error:
            raise RuntimeRiskError(
                f"the Dask cluster at {scheduler} was lost: start it again; the same command "
                "goes on where this one stopped"
            ) from error
        finally:
            client.cancel(list(waiting.futures))


def _connect(scheduler: str) -> "Client":
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            "env.executor=dask needs the package distributed: pip install 'spectramind[dask]'"
        ) from error
    where: dict[str, Any] = {"address": scheduler}
    if Path(scheduler).is_file():
        where = {"scheduler_file": scheduler}
    try:
        return Client(**where, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"env.scheduler={scheduler}: no Dask scheduler answers there: start one, or set its "
            "address (tcp://host:8786) or scheduler file"
        ) from error
