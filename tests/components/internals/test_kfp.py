import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from components.internals.kfp import client

pytestmark = pytest.mark.e2e


def test_a_task_loads_neither_clients_nor_compiler_of_kfp():
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from components.internals.kfp import load_runtime_alone; load_runtime_alone()\n"
        "from kfp.pipeline_spec import pipeline_spec_pb2\n"
        "print([name for name in ('kfp.client', 'kfp.compiler') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.filterwarnings("ignore")
def test_a_client_looks_once_whether_the_api_answers():
    from kfp_server_api import ApiException

    asked = []

    class Down(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(418)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Down)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(ApiException):
        client(host=f"http://127.0.0.1:{server.server_port}", namespace="kubeflow", credentials=None)
    server.shutdown()
    server.server_close()
    assert [path.rpartition("/")[2] for path in asked] == ["healthz"]
