# Starts programs for the runner: Node forks itself for each, with all its memory, and this has the system start them without any fork.
# src/spawner.ts is the other side, and says what is written where. Ends when there is nothing more to come from there.
# Only modules that are built in are used: to load another one, such as os, takes as long as to start a program.
import _signal
import _struct
import posix
import select

PIECE = 1 << 16
# In seconds. What a program prints is told together with its end, if that comes so soon.
SOON = 0.002
# Until then, or until so much else has happened, nobody looks what a program prints: each look would keep it from going on.
TURNS = 3
# It gets all signals as they are by default, as Node has it.
SIGNALS = set(range(1, _signal.NSIG)) & _signal.valid_signals() - {_signal.SIGKILL, _signal.SIGSTOP}
ENOENT, ENOEXEC, EACCES, ENOTDIR, EINVAL = 2, 8, 13, 20, 22

# A program finds nothing to read, and gets neither of these two.
FROM, TO = posix.dup(0), posix.dup(1)
null = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
for number in 0, 1, 2:
    posix.dup2(null, number)

poll = select.epoll()
poll.register(FROM, select.EPOLLIN)
# By the number of a file: what is done when there is something to read in it.
on = {}
# What was read and is not obeyed yet; what is to be told; whether it is to be told at once.
asked = b""
told = []
is_urgent = False
# By the number that was asked for; and those of them that have just been started.
programs = {}
fresh = []


def main():
    global usual, is_urgent
    words = None
    while words is None:
        hear()
        words = framed()
    words = strings(words)
    usual = dict(zip(words[::2], words[1::2]))
    # What is not there is met here, and not when a program is to be started.
    posix.close(posix.pidfd_open(posix.getpid()))
    urgently(b"y", 0)
    kept = 0
    while True:
        if is_urgent or sum(map(len, told)) > PIECE:
            put(b"".join(told))
            told.clear()
            is_urgent, kept = False, 0
        found = poll.poll(SOON if told or fresh else -1)
        look_at_fresh(not found)
        is_held = bool(told)
        # What is new comes last: a file that it opens may get the number of one that was closed in this turn.
        for file, _ in sorted(found, key=lambda event: event[0] == FROM):
            if file == FROM:
                hear()
                obey()
            elif file in on:
                on[file]()
        kept += is_held
        if is_held and (not found or kept > 2):
            is_urgent = True


def hear():
    global asked
    piece = posix.read(FROM, PIECE)
    if not piece:
        posix._exit(0)
    asked += piece


def obey():
    while (request := framed()) is not None:
        (number,) = _struct.unpack_from(">I", request, 1)
        if request[:1] == b"s":
            try:
                start(number, strings(request[5:]))
            except OSError as error:
                urgently(b"f", number, _struct.pack(">I", error.errno))
            except ValueError:
                urgently(b"f", number, _struct.pack(">I", EINVAL))
        elif number in programs:
            programs[number].close()


def start(number, words):
    cwd, file, count, *rest = words
    own = rest[: 2 * int(count)]
    args = rest[2 * int(count) :]
    env = dict(usual)
    env.update(zip(own[::2], own[1::2]))
    posix.chdir(cwd)
    out, own_out = posix.pipe2(posix.O_CLOEXEC)
    try:
        pid = spawned(file, args, env, own_out)
    except BaseException:
        posix.close(out)
        raise
    finally:
        # Its number is given back, so that there is one for the next.
        posix.close(own_out)
    posix.set_blocking(out, False)
    program = programs[number] = Program(number, pid, out)
    fresh.append(program)
    urgently(b"p", number, _struct.pack(">I", pid))


# As `execvp` does it, with the PATH that the program itself gets.
def spawned(file, args, env, out):
    if b"/" in file:
        return called(file, args, env, out)
    refused = OSError(ENOENT, "")
    for folder in env.get(b"PATH", b"/bin:/usr/bin").split(b":"):
        path = (folder or b".") + b"/" + file
        try:
            # What is not there is found out sooner so.
            posix.stat(path)
            return called(path, args, env, out)
        except OSError as error:
            if error.errno == EACCES:
                refused = error
            elif error.errno not in (ENOENT, ENOTDIR):
                raise
    raise refused


def called(path, args, env, out):
    to_out = [(posix.POSIX_SPAWN_DUP2, out, 1), (posix.POSIX_SPAWN_DUP2, out, 2)]
    options = {"file_actions": to_out, "setsid": True, "setsigmask": (), "setsigdef": SIGNALS}
    try:
        return posix.posix_spawn(path, args, env, **options)
    except OSError as error:
        if error.errno != ENOEXEC:
            raise
        # A script without a first line that says what reads it.
        return posix.posix_spawn(b"/bin/sh", [b"/bin/sh", path, *args[1:]], env, **options)


class Program:
    def __init__(self, number, pid, out):
        self.number, self.pid, self.out = number, pid, out
        self.turns, self.status = TURNS, None
        self.ended = posix.pidfd_open(pid)
        watch(self.ended, self.end)

    # From here on, what it prints is told as it comes.
    def look(self):
        if self.out is not None and self.out not in on:
            watch(self.out, self.hear)

    # Whether there may be more at once.
    def hear(self):
        try:
            piece = posix.read(self.out, PIECE)
        except BlockingIOError:
            return False
        if piece:
            told.append(message(b"o", self.number, piece))
        else:
            self.close()
        return bool(piece)

    def end(self):
        self.status = posix.waitpid(self.pid, 0)[1]
        forget(self.ended)
        if self in fresh:
            fresh.remove(self)
        # Twice: what it has printed, and that there is no more.
        if self.out is not None and self.hear() and self.out is not None:
            self.hear()
        if self.out is None:
            self.settle()
        else:
            # What it has started itself still holds its pipe.
            self.look()
            urgently(b"d", self.number)

    def close(self):
        if self.out is None:
            return
        forget(self.out)
        self.out = None
        self.settle()

    def settle(self):
        if self.status is not None and programs.pop(self.number, None):
            urgently(b"x", self.number, _struct.pack(">I", self.status))


def look_at_fresh(is_quiet):
    for program in fresh[:]:
        program.turns -= 1
        if is_quiet or program.turns < 0:
            fresh.remove(program)
            program.look()


def watch(file, work):
    on[file] = work
    poll.register(file, select.EPOLLIN)


def forget(file):
    if on.pop(file, None):
        poll.unregister(file)
    posix.close(file)


def message(kind, number, data=b""):
    return _struct.pack(">cII", kind, number, len(data)) + data


def urgently(kind, number, data=b""):
    global is_urgent
    told.append(message(kind, number, data))
    is_urgent = True


# What is whole of the next that was asked.
def framed():
    global asked
    if len(asked) < 4:
        return None
    (length,) = _struct.unpack_from(">I", asked)
    if len(asked) < 4 + length:
        return None
    what, asked = asked[4 : 4 + length], asked[4 + length :]
    return what


def strings(what):
    found = []
    at = 0
    while at < len(what):
        (length,) = _struct.unpack_from(">I", what, at)
        found.append(what[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def put(what):
    while what:
        what = what[posix.write(TO, what) :]


try:
    main()
except (OSError, AttributeError):
    # The runner is gone, or the system is too old.
    posix._exit(1)
