# SPDX-License-Identifier: ISC
"""The cable: a pty that libfido2 takes for a hidraw node, under a symbolic link that stays the same.

libfido2 opens any character device; where the hidraw ioctls fail it writes 65 bytes (the report
number, then the report) and reads 64.
"""

import asyncio
import fcntl
import os
import termios
import tty

REPORT = 64


class Port:
    def __init__(self, path, owner, receive):
        self.path, self.owner, self.receive = path, owner, receive
        self.master = self.slave = self.lock = None
        self.sending = asyncio.Lock()

    def plug(self):
        if self.master is not None:
            return
        # Our own descriptor of the slave keeps the master from EIO between two clients.
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        tty.setraw(self.slave)
        self.wake_reader_from(REPORT)
        # libfido2 opens without O_NOCTTY: a service, which leads its session, would get the pty as
        # its controlling terminal and die of SIGHUP when it is unplugged.  So it is already ours.
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        os.chown(self.slave, *self.owner)
        os.chmod(self.slave, 0o600)
        self.unread = b""
        asyncio.get_running_loop().add_reader(self.master, self._readable)
        os.symlink(os.ttyname(self.slave), f"{self.path}.new")
        os.replace(f"{self.path}.new", self.path)

    def unplug(self):
        """Clients that have it open see a hang-up."""
        if self.master is None:
            return
        os.unlink(self.path)
        asyncio.get_running_loop().remove_reader(self.master)
        self.unlock()
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = None

    def hold_lock(self):
        """Plays another program that uses the authenticator."""
        self.lock = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(self):
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None

    def forget_unread(self):
        """Each open of a hidraw node starts with an empty queue; a pty has one for all."""
        termios.tcflush(self.slave, termios.TCIFLUSH)
        self.wake_reader_from(REPORT)

    def wake_reader_from(self, count):
        """A pty hands out 63 bytes when its buffer is full, unless whole reports are asked for."""
        mode = termios.tcgetattr(self.slave)
        mode[6][termios.VMIN] = count
        termios.tcsetattr(self.slave, termios.TCSANOW, mode)

    async def send(self, reports, pause):
        """Sends them with so many milliseconds between two; ends early when unplugged."""
        async with self.sending:
            for report in reports:
                while self.master is not None:
                    try:
                        os.write(self.master, report)
                        break
                    except BlockingIOError:  # nobody reads
                        await asyncio.sleep(0.001)
                if pause:
                    await asyncio.sleep(pause / 1000)

    def _readable(self):
        self.unread += os.read(self.master, 65536)
        while len(self.unread) > REPORT and self.master is not None:
            report, self.unread = self.unread[1:REPORT + 1], self.unread[REPORT + 1:]
            self.receive(report)
