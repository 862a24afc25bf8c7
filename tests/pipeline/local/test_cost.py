import subprocess
import sys
import time

from pipeline.local import cost

SPIN = "import time\nbegin = time.process_time()\nblock = bytearray(200_000_000)\nwhile time.process_time() - begin < 1.0: pass"


def test_time_and_memory_of_processes_below_count_also_when_they_have_ended(monkeypatch):
    monkeypatch.setattr(cost, "EVERY", 0.05)
    with cost.Meter() as meter:
        meter.lap()
        subprocess.run([sys.executable, "-c", SPIN], check=True)
        spent = meter.lap()
        idle = meter.lap()
    assert 0.8 < spent.processor_seconds < 5
    assert spent.peak_memory > 200_000_000
    assert idle.processor_seconds < 0.5
    assert 0 < idle.peak_memory < spent.peak_memory


def test_a_meter_that_is_over_measures_no_more(monkeypatch):
    monkeypatch.setattr(cost, "EVERY", 0.01)
    looked = []
    with cost.Meter() as meter:
        monkeypatch.setattr(meter, "_look", lambda: looked.append(1))
        time.sleep(0.1)
    assert looked
    time.sleep(0.05)
    seen = len(looked)
    time.sleep(0.1)
    assert len(looked) == seen
