"""A ``kmcli`` for shell scripts that need not wait for Python's imports.

A server imports everything once and forks for each run. The script's ``kmcli`` is a small client,
which hands it the arguments, folder, environment and standard streams and ends as the run did.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

CLIENT = """#!{python} -IS
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
request = [sys.argv[1:], os.getcwd(), dict(os.environ)]
socket.send_fds(server, [b"."], [0, 1, 2])
server.sendall(json.dumps(request).encode() + b"\\n")
code = int(server.makefile().readline())
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


class ForkedCommand:
    """Starts the server, and installs the command into folders."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "s")
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", self.address], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert self.server.stdout is not None
        assert self.server.stdout.readline() == b"ready\n"

    def install(self, folder: Path) -> None:
        """Put ``kmcli`` into a folder."""
        command = folder / "kmcli"
        command.write_text(CLIENT.format(python=sys.executable, address=self.address))
        command.chmod(0o755)

    def close(self) -> None:
        """End the server."""
        assert self.server.stdout is not None
        self.server.terminate()
        self.server.wait()
        self.server.stdout.close()


def serve(address: str) -> None:
    """Fork for each client."""
    from kmcli.cli.main import run

    # What commands import late is imported here, by runs that need it.
    with tempfile.TemporaryDirectory() as folder:
        photo = str(ROOT / "sample_images" / "logo.png")
        run(["quantize", photo, "-k", "4", "-q", "--compare", "-d", folder])
        run(["blobs", "-q", "--dpi", "30", "-d", folder])
        run(["digits", "-q", "--dpi", "30", "-d", folder, "--runs", "1"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _attend(client)
            client.close()


def _attend(client: socket.socket) -> None:
    """Have one run done by a process of its own, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(client, 1, 3)
    arguments, folder, environment = json.loads(client.makefile().readline())
    pid = os.fork()
    if pid == 0:
        client.close()
        _be_kmcli(arguments, folder, environment, streams)
    for stream in streams:
        os.close(stream)
    _, status = os.waitpid(pid, 0)
    client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _be_kmcli(
    arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]
) -> None:
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        sys.stdin = os.fdopen(0, closefd=False)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["kmcli", *arguments]
        from kmcli.__main__ import main

        main()
    finally:
        os._exit(70)


if __name__ == "__main__":
    serve(sys.argv[1])
