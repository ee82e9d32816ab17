"""Programs that a test runs beside itself."""

import os
import select
import subprocess
import time

PATIENCE = 60  # seconds, for what takes milliseconds on an idle machine


class Program:
    """A running program; what it writes is read as it comes."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )
        self.output = self.errors = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        self.process.wait()

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def read_until(self, complete, seconds=PATIENCE):
        """Reads on until `complete(self)`; False if the program or the patience ended before."""
        end = time.monotonic() + seconds
        pipes = [self.process.stdout, self.process.stderr]
        while not complete(self):
            ready = select.select(pipes, [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                return False
            for pipe in ready:
                piece = os.read(pipe.fileno(), 65536)
                if not piece:
                    pipes.remove(pipe)
                if pipe is self.process.stdout:
                    self.output += piece
                else:
                    self.errors += piece
            if not pipes:
                return complete(self)
        return True

    def signal(self, number):
        self.process.send_signal(number)

    def end(self, seconds=PATIENCE):
        """Its exit status, and the seconds until it came."""
        start = time.monotonic()
        return self.process.wait(seconds), time.monotonic() - start


def run(*command, **options):
    """The finished program: returncode, stdout, stderr."""
    return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=PATIENCE, **options)
