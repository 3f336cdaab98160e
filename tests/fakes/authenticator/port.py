# SPDX-License-Identifier: ISC
"""The cable: a pty that libfido2 takes for a hidraw node, under a symbolic link that stays.

libfido2 opens any character device; where the hidraw ioctls fail it writes 65 bytes (the report
number, then the report) and reads 64.
"""

import asyncio
import fcntl
import os
import struct
import termios
import tty

REPORT = 64
TIOCGPTN, TIOCSPTLCK = 0x80045430, 0x40045431  # ioctl_tty(2); Python has no names for them


class Port:
    def __init__(self, path, root, owner, receive):
        self.path, self.root, self.owner, self.receive = path, root, owner, receive
        self.master = self.slave = self.lock = None
        self.sending = asyncio.Lock()
        self.connection = 0  # its number: what was meant for one pty must not go to the next

    def plug(self):
        self.connection += 1
        # Our own descriptor of the slave keeps the master from EIO between two clients.
        self.master = os.open(f"{self.root}/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(self.master, TIOCSPTLCK, struct.pack("i", 0))
        number, = struct.unpack("i", fcntl.ioctl(self.master, TIOCGPTN, bytes(4)))
        node = f"/dev/pts/{number}"
        self.slave = os.open(self.root + node, os.O_RDWR | os.O_NOCTTY)
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
        os.symlink(node, f"{self.path}.new")
        os.replace(f"{self.path}.new", self.path)

    def unplug(self):
        """Clients that have it open see a hang-up."""
        if self.master is None:
            return
        self.connection += 1
        os.unlink(self.path)
        asyncio.get_running_loop().remove_reader(self.master)
        self.unlock()
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = None

    def hold_lock(self):
        """Plays another program that uses the authenticator."""
        self.unlock()
        self.lock = os.open(self.root + os.readlink(self.path), os.O_RDWR | os.O_NOCTTY)
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
        connection = self.connection
        async with self.sending:
            for report in reports:
                while self.connection == connection and not self._takes(report):
                    await asyncio.sleep(0.001)
                if self.connection != connection:
                    return
                await asyncio.sleep(pause / 1000)

    def _takes(self, report):
        try:
            return os.write(self.master, report) > 0
        except BlockingIOError:  # nobody reads
            return False

    def _readable(self):
        self.unread += os.read(self.master, 65536)
        while len(self.unread) > REPORT and self.master is not None:
            report, self.unread = self.unread[1:REPORT + 1], self.unread[REPORT + 1:]
            self.receive(report)
