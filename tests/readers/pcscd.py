#!/usr/bin/env python3
"""A pcscd of one's own: pcscd.py SOCKET PORT. It serves PC/SC programs that are given PCSCLITE_CSOCK_NAME=SOCKET, with one
virtual reader (two slots) that waits for cards at PORT and PORT+1. A pcscd of the system is left alone: the socket is handed
over as service managers do it, and where the kernel lets us, /run is a new one that only this process sees, for pcscd keeps
a file with its number there. Ends with the process, which becomes pcscd itself."""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys

DRIVERS = ["/usr/lib/pcsc/drivers/serial/libifdvpcd.so"]


def main():
    path, port = sys.argv[1], int(sys.argv[2])
    if "--inside" not in sys.argv:
        unshare = ["unshare", "--user", "--map-root-user", "--mount"]
        if subprocess.run(unshare + ["mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True).returncode == 0:
            script = 'mount -t tmpfs tmpfs /run && exec python3 "$@"'
            os.execvp(unshare[0], unshare + ["sh", "-c", script, "sh", __file__, path, str(port), "--inside"])
        if pathlib.Path("/run/pcscd/pcscd.pid").exists():
            sys.exit("pcscd.py: a pcscd runs here, and no namespace can be made to keep it undisturbed")
    configuration = pathlib.Path(path + ".conf")
    configuration.write_text(f'FRIENDLYNAME "Halyard test"\nDEVICENAME /dev/null:{port}\nLIBPATH {DRIVERS[0]}\nCHANNELID {port}\n')
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, which a new namespace has taken away: gone when the test is
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), PATH=os.environ["PATH"] + ":/usr/sbin")
    os.execvp("pcscd", ["pcscd", "--foreground", "--info", "--config", str(configuration)])


main()
