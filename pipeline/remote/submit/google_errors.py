"""Google Cloud's errors, in one message each."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from components.errors import RunError
from pipeline.remote.submit.no_answer import reason


@contextlib.contextmanager
def google_errors(service: str, place: str, role: str) -> Iterator[None]:
    """Turns errors of Google's clients into ours.

    Args:
      service: which one is asked.
      place: what is asked for there: a project and region, a bucket.
      role: that the caller needs.

    Raises:
      RunError: no credentials, no permission, nothing there, a wrong request, or no answer.
    """
    import requests
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError, TransportError

    try:
        yield
    except (DefaultCredentialsError, exceptions.Unauthorized) as error:
        raise RunError(
            f"{service}: no valid credentials were found: {_said(error)} Run 'gcloud auth application-default login', or "
            "let GOOGLE_APPLICATION_CREDENTIALS name the key of a service account."
        ) from error
    except RefreshError as error:
        raise RunError(
            f"{service}: the credentials were not accepted: {_first_line(error)} Run 'gcloud auth application-default login' again."
        ) from error
    except exceptions.Forbidden as error:
        raise RunError(
            f"{service}: {place}: not allowed (403): {_said(error)} The account of these credentials needs {role}."
        ) from error
    except exceptions.NotFound as error:
        raise RunError(f"{service}: {place}: not found (404): {_said(error)} Check its name.") from error
    except (
        TransportError,
        requests.exceptions.RequestException,
        exceptions.ServiceUnavailable,
        exceptions.RetryError,
    ) as error:
        raise RunError(
            f"{service}: {place}: no answer: {reason(error)} Check the network and the name, and try again."
        ) from error
    except exceptions.GoogleAPICallError as error:
        raise RunError(f"{service}: {place}: {_said(error)} Nothing was started.") from error
    except GoogleAuthError as error:
        raise RunError(f"{service}: {place}: {_first_line(error)} Nothing was started.") from error


def _said(error: Exception) -> str:
    """What the service said, without the address that a client puts before it."""
    return re.sub(r"^(\d{3} )?(GET|POST) \S+: ", "", _first_line(error))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(".") + "."
