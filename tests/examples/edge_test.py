"""examples/edge as a service manager and its clients meet it.

edge_test.py PROGRAM MODEL ENDLESS_MODEL UNIT_FILE"""

import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
import unittest

from running import PATIENCE, Program, run

PROGRAM, MODEL, ENDLESS, UNIT = sys.argv[1:5]


class Service:
    """The program on a socket, with the test in the place of systemd."""

    def __init__(self, model):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "socket")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(os.path.join(self.folder.name, "notify"))
        self.manager.settimeout(PATIENCE)
        environment = {**os.environ, "NOTIFY_SOCKET": self.manager.getsockname()}
        self.program = Program(PROGRAM, model, self.path, env=environment)

    def __enter__(self):
        self.wait_for(b"READY=1")
        return self

    def __exit__(self, *_):
        self.program.__exit__()
        self.manager.close()
        self.folder.cleanup()

    def wait_for(self, message):
        while self.manager.recv(256) != message:
            pass

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(self.path)
        return client

    def ask(self, question):
        with self.connect() as client, client.makefile("rw") as lines:
            lines.write(question + "\n")
            lines.flush()
            return lines.readline()

    def terminate(self):
        self.program.signal(signal.SIGTERM)
        return self.program.end()


class StandardInput(unittest.TestCase):
    def test_one_line_in_one_line_out(self):
        result = run(PROGRAM, MODEL, input="What is 47 + 38?\n\nWhat is 12 + 9?")
        self.assertEqual(result.returncode, 0, result.stderr)
        first, second = result.stdout.splitlines()
        self.assertTrue(first.endswith("Answer: 85"), first)
        self.assertTrue(second.endswith("Answer: 21"), second)

    def test_an_error_is_a_line_too(self):
        result = run(PROGRAM, MODEL, input="so " * 300 + "\nWhat is 12 + 9?\n")
        self.assertRegex(result.stdout, r"(?m)^error: .+$")
        self.assertIn("Answer: 21", result.stdout)

    def test_a_model_that_is_not_there(self):
        result = run(PROGRAM, "/nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("PHI_ERR_NOT_FOUND", result.stderr)


class Socket(unittest.TestCase):
    def test_clients_one_after_the_other(self):
        with Service(MODEL) as service:
            self.assertIn("Answer: 85", service.ask("What is 47 + 38?"))
            with service.connect() as gone:
                gone.sendall(b"What is 1 + 1?\n")
            self.assertIn("Answer: 21", service.ask("What is 12 + 9?"))
            self.assertEqual(service.ask("x" * 5000), "error: the line is too long\n")
            service.wait_for(b"WATCHDOG=1")
            status, seconds = service.terminate()
            self.assertEqual(status, 0)
            self.assertFalse(os.path.exists(service.path))
            print(f"idle: ended {seconds * 1e3:.0f} ms after SIGTERM")

    def test_memory_stays_small(self):
        with Service(MODEL) as service:
            for i in range(10, 40):
                service.ask(f"What is {i} + 38?")
            with open(f"/proc/{service.program.process.pid}/status") as file:
                status = dict(line.split(":", 1) for line in file)
            peak = int(status["VmHWM"].split()[0]) / 1024
            print(f"peak of resident memory {peak:.1f} MiB, {status['Threads'].strip()} threads")
            if "asan" not in PROGRAM and "tsan" not in PROGRAM:
                self.assertLess(peak, 64)
                self.assertEqual(int(status["Threads"]), 2)  # one evaluates, one waits for SIGTERM

    def test_a_client_that_does_not_read_keeps_nobody_long(self):
        with Service(MODEL) as service, service.connect() as client:
            client.sendall(b"What is 47 + 38?\n" * 1000)  # their answers fill the socket
            silence, last = 0.0, time.monotonic()
            while not self.is_let_go(client):
                service.wait_for(b"WATCHDOG=1")
                silence, last = max(silence, time.monotonic() - last), time.monotonic()
            print(f"a client that does not read: {silence:.1f} s from watchdog to watchdog")
            self.assertLess(silence, self.in_unit("WatchdogSec") / 2)
            self.assertIn("Answer: 21", service.ask("What is 12 + 9?"))

    def test_sigterm_while_a_client_does_not_read(self):
        with Service(MODEL) as service, service.connect() as client:
            client.sendall(b"What is 47 + 38?\n" * 1000)
            self.wait_until_it_sleeps(service.program.process.pid)
            status, seconds = service.terminate()
            self.assertEqual(status, 0)
            print(f"not read: ended {seconds:.1f} s after SIGTERM")
            self.assertLess(seconds, self.in_unit("TimeoutStopSec"))

    @staticmethod
    def in_unit(setting):
        with open(UNIT) as file:
            return int(re.search(rf"(?m)^{setting}=(\d+)$", file.read()).group(1))

    @staticmethod
    def is_let_go(client):
        try:
            client.send(b"\n")
            return False
        except BrokenPipeError:
            return True

    @staticmethod
    def wait_until_it_sleeps(pid):
        """Until the thread that evaluates has used no processor for a second."""
        before, now = -1, 0
        while before != now:
            with open(f"/proc/{pid}/stat") as file:
                before, now = now, int(file.read().rsplit(")", 1)[1].split()[11])
            time.sleep(1)

    def test_sigterm_in_the_middle_of_an_answer(self):
        with Service(ENDLESS) as service, service.connect() as client:
            client.sendall(b"Hello again\n" * 200)
            self.assertTrue(client.recv(100))
            status, seconds = service.terminate()
            self.assertEqual(status, 0)
            print(f"answering: ended {seconds * 1e3:.0f} ms after SIGTERM")
            self.assertLess(seconds, 2)


@unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze")
class Unit(unittest.TestCase):
    def test_systemd_takes_the_unit(self):
        with tempfile.TemporaryDirectory() as folder, open(UNIT) as file:
            text = re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={PROGRAM}", file.read())
            path = os.path.join(folder, "phi-edge.service")
            with open(path, "w") as copy:
                copy.write(text)
            result = run("systemd-analyze", "verify", "--man=no", path)
            complaints = [line for line in result.stderr.splitlines() if "phi-edge" in line]
            self.assertEqual((result.returncode, complaints), (0, []), result.stderr)
            security = run("systemd-analyze", "security", "--offline=yes", path).stdout
            exposure = re.search(r"exposure level for \S+: ([0-9.]+)", security)
            print(exposure.group(0))
            self.assertLess(float(exposure.group(1)), 2.0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
