"""Two hosts in network namespaces, a guest between them in post-copy, something that breaks, and `novamend-verify rescue`.

Run inside namespaces of its own (mounts, processes, network), which end with it; `real/rescue.rs` starts it so:

    rescue_lab.py PROGRAM DIRECTORY SCENARIO...

It prints one JSON object for each scenario, a line each, and asserts nothing itself. `nova` as the first word of a scenario has
the monitor of the nova that `PYTHONPATH` holds watch; otherwise virsh orders the switch.
"""

import concurrent.futures
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

PROGRAM, GROUND = sys.argv[1], sys.argv[2]
os.makedirs(GROUND, exist_ok=True)
UUID = '11111111-2222-4333-8444-555555555555'
NAME = 'instance-00000001'
MIB = int(os.environ.get('LAB_MIB', '64'))
RATE = os.environ.get('LAB_RATE', '64mbit')
BEGAN = time.monotonic()
VERBOSE = 'LAB_VERBOSE' in os.environ


def log(*words):
    if VERBOSE:
        print('%8.3f' % (time.monotonic() - BEGAN), *words, file=sys.stderr, flush=True)


def run(*words, check=True, **more):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
    if check and done.returncode:
        raise RuntimeError('%s: %s' % (' '.join(words), (done.stdout + done.stderr).strip()))
    return done


def until(what, seconds, why):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise RuntimeError('not in %d s: %s' % (seconds, why))


class Heartbeats(threading.Thread):
    """What the probe guest says by its serial port: each QEMU connects by itself, so a line is a host."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(path)
        self.door.listen(8)
        self.lock = threading.Lock()
        self.forget()
        self.start()

    def forget(self):
        with self.lock:
            self.numbers, self.damage, self.gaps, self.rest, self.last = [], 0, 0, b'', None

    def run(self):
        while True:
            line, _ = self.door.accept()
            threading.Thread(target=self.read, args=(line,), daemon=True).start()

    def read(self, line):
        held = None
        while True:
            try:
                data = line.recv(65536)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                if held is None:
                    # the part of a record that the host before had sent
                    held, self.rest = self.rest, b''
                held += data
                while len(held) >= 12:
                    record, held = held[:12], held[12:]
                    if record[0] != 0xA5:
                        self.damage += 1
                        continue
                    number = struct.unpack('<I', record[2:6])[0]
                    if record[1:2] == b'E':
                        self.damage += 1
                        continue
                    if self.last is not None and number != self.last + 1:
                        self.gaps += 1
                    self.last = number
                    self.numbers.append(time.monotonic())
                self.rest = held

    def count(self):
        with self.lock:
            return len(self.numbers)


def image(path):
    made = subprocess.run([PROGRAM, 'guest-image'], stdout=subprocess.PIPE, check=True).stdout
    data = bytearray(made)
    cold, hot = 256, (MIB - 16) * 256
    struct.pack_into('<7I', data, 4, 0x100000, cold, 0x100000 + cold * 4096, hot, 128, 2_000_000, 16)
    with open(path, 'wb') as file:
        file.write(data)


class Host:
    """A libvirt daemon in a mount namespace of its own, whose /run lives on when the daemon is killed."""

    def __init__(self, name, number):
        self.name, self.directory, self.address = name, os.path.join(GROUND, name), '10.9.0.%d' % number
        self.killed = 0
        for part in ('lib', 'log', 'cache', 'etc', 'run'):
            os.makedirs(os.path.join(self.directory, part), exist_ok=True)
        self.socket = os.path.join(self.directory, 'libvirt-sock')
        self.uri = 'qemu+unix:///system?socket=' + self.socket.replace(' ', '%20')
        with open(os.path.join(self.directory, 'daemon.conf'), 'w') as file:
            file.write('unix_sock_dir = "%s"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n'
                       'host_uuid = "6f3e1c1a-7a4e-4e0f-9d55-00000000000%d"\nlog_outputs = "3:stderr"\nlisten_tls = 0\n'
                       'listen_tcp = 1\nlisten_addr = "0.0.0.0"\nauth_tcp = "none"\n'
                       % (self.directory, number))
        with open(os.path.join(self.directory, 'etc', 'qemu.conf'), 'w') as file:
            file.write('user = "root"\ngroup = "root"\nremember_owner = 0\nsecurity_driver = "none"\n'
                       'stdio_handler = "file"\ncgroup_controllers = []\nnamespaces = []\n'
                       'keepalive_interval = 1\nkeepalive_count = 4\n')
        mounts = ('set -e; mkdir -p /run/libvirt /var/log/libvirt /var/cache/libvirt /var/lib/libvirt; '
                  'for part in lib log cache; do mount --bind "$D/$part" /var/$part/libvirt; done; '
                  'mount --bind "$D/etc" /etc/libvirt; mount -t tmpfs none /run; mkdir -p /run/libvirt /run/lock; '
                  'touch "$D/ready"; exec sleep 1000000')
        net = ['--net'] if name == 'b' else []
        self.holder = subprocess.Popen(['unshare', '--mount', '--propagation', 'private'] + net + ['sh', '-c', mounts],
                                       env=dict(os.environ, D=self.directory))
        until(lambda: os.path.exists(os.path.join(self.directory, 'ready')), 20, 'the namespace of ' + name)
        self.daemon = None

    def inside(self, *words, mounts=True):
        kinds = (['--mount'] if mounts else []) + (['--net'] if self.name == 'b' else [])
        return ['nsenter', '-t', str(self.holder.pid)] + kinds + list(words)

    def start(self):
        pid = os.path.join(self.directory, 'daemon.pid')
        if os.path.exists(pid):
            os.remove(pid)
        self.daemon = subprocess.Popen(
            self.inside('libvirtd', '--listen', '--config', os.path.join(self.directory, 'daemon.conf'), '--pid-file', pid),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(os.path.join(self.directory, 'daemon.log'), 'a'))
        try:
            until(self.answers, 60, 'libvirtd of ' + self.name)
        except RuntimeError as error:
            raise RuntimeError('%s\n%s' % (error, self.log())) from error

    def answers(self):
        if self.daemon.poll() is not None:
            raise RuntimeError('libvirtd of %s ended with %s' % (self.name, self.daemon.poll()))
        return self.virsh('version', check=False).returncode == 0

    def log(self):
        with open(os.path.join(self.directory, 'daemon.log'), errors='replace') as file:
            return file.read()[-4000:]

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def restart(self):
        self.kill()
        self.start()

    def virsh(self, *words, check=True):
        return run('virsh', '-q', '-c', self.uri, *words, check=check)

    def state(self):
        done = self.virsh('domstate', NAME, '--reason', check=False)
        return done.stdout.strip() if done.returncode == 0 else 'gone'

    def qemu(self):
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                words = open('/proc/%s/cmdline' % pid, 'rb').read().split(b'\0')
                mine = os.readlink('/proc/%s/ns/net' % pid) == os.readlink('/proc/%d/ns/net' % self.holder.pid)
            except OSError:
                continue
            if b'qemu-system' in words[0] and UUID.encode() in words and mine:
                return int(pid)
        return None


class Lab:
    def __init__(self):
        run('ip', 'link', 'set', 'lo', 'up')
        os.makedirs('/run/libvirt', exist_ok=True)
        self.a, self.b = Host('a', 1), Host('b', 2)
        run('ip', 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb', 'netns', str(self.b.holder.pid))
        run('ip', 'addr', 'add', '10.9.0.1/24', 'dev', 'va')
        run('ip', 'link', 'set', 'va', 'up')
        for words in (['addr', 'add', '10.9.0.2/24', 'dev', 'vb'], ['link', 'set', 'vb', 'up'], ['link', 'set', 'lo', 'up']):
            run(*self.b.inside('ip', *words, mounts=False))
        run('tc', 'qdisc', 'add', 'dev', 'va', 'root', 'tbf', 'rate', RATE, 'burst', '256k', 'latency', '100ms')
        self.beats = Heartbeats(os.path.join(GROUND, 'beats'))
        self.rom = os.path.join(GROUND, 'probe.rom')
        image(self.rom)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Host.start, (self.a, self.b)))
        self.migration = self.nova = None
        self.by_nova = False
        log('both daemons are ready')

    def domain(self):
        return ("<domain type='kvm'><name>%s</name><uuid>%s</uuid><memory unit='MiB'>%d</memory><vcpu>1</vcpu>"
                "<os><type arch='x86_64' machine='pc'>hvm</type><loader readonly='yes' type='rom'>%s</loader></os>"
                "<features><acpi/></features><devices><controller type='usb' model='none'/>"
                "<serial type='unix'><source mode='connect' path='%s'/><target port='0'/></serial>"
                "<memballoon model='none'/></devices></domain>"
                % (NAME, UUID, MIB, self.rom, os.path.join(GROUND, 'beats')))

    def begin(self):
        """A guest that runs at the source."""
        self.beats.forget()
        path = os.path.join(GROUND, 'domain.xml')
        with open(path, 'w') as file:
            file.write(self.domain())
        self.a.virsh('define', path)
        self.a.virsh('start', NAME)
        until(lambda: self.beats.count() > 60, 60, 'the guest')

    def leave(self, seconds=0.5):
        """It is migrated, and is in post-copy for so long."""
        if self.by_nova:
            return self.leave_by_nova(seconds)
        self.migration = subprocess.Popen(
            ['virsh', '-q', '-c', self.a.uri, 'migrate', '--live', '--p2p', '--undefinesource', '--persistent', '--postcopy',
             NAME, 'qemu+tcp://10.9.0.2/system', '--migrateuri', 'tcp://10.9.0.2'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        until(lambda: 'running' in self.b.state() or 'paused' in self.b.state(), 30, 'the destination')
        until(lambda: self.a.virsh('migrate-postcopy', NAME, check=False).returncode == 0, 30, 'the switch')
        until(lambda: 'post-copy' in self.b.state(), 30, 'post-copy')
        time.sleep(seconds)

    def leave_by_nova(self, seconds=0.5):
        """Nova migrates it and switches it to post-copy."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'rescue_nova.py')
        self.nova = subprocess.Popen(
            [os.environ['LAB_NOVA'], script, self.a.uri, 'qemu+tcp://10.9.0.2/system', 'tcp://10.9.0.2', UUID],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(os.path.join(GROUND, 'nova.err'), 'w'), text=True,
            env=dict(os.environ, PYTHONPATH=os.environ.get('LAB_PYTHONPATH', '')))
        self.said = []
        threading.Thread(target=lambda: self.said.extend(iter(self.nova.stdout.readline, '')), daemon=True).start()
        until(lambda: 'post-copy' in self.b.state(), 180, 'post-copy: ' + open(os.path.join(GROUND, 'nova.err')).read())
        time.sleep(seconds)

    def of_nova(self):
        """What nova said, its outcome last, where it comes to one."""
        if self.nova is None:
            return None
        try:
            self.nova.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.nova.kill()
            self.nova.wait()
        said, self.nova = [json.loads(line) for line in self.said], None
        return said

    def end(self):
        """Nothing of the guest is left on either host."""
        for host in (self.a, self.b):
            for _ in range(2):
                host.virsh('destroy', NAME, check=False)
                host.virsh('undefine', NAME, check=False)
        if self.nova:
            self.nova.kill()
            self.nova.wait()
            self.nova = None
        if self.migration:
            self.migration.kill()
            self.migration.wait()
            self.migration = None
        until(lambda: self.a.qemu() is None and self.b.qemu() is None, 30, 'an end of the guest')

    def reset(self):
        run('ss', '-K', 'dst', '10.9.0.2', 'dport', 'ge', '49152', check=False)
        run('ss', '-K', 'dst', '10.9.0.2', 'dport', 'ge', '49152', check=False)

    def link(self, state):
        run('ip', 'link', 'set', 'va', state)

    def broken_at_source(self):
        until(lambda: 'post-copy failed' in self.a.state(), 60, 'a break at the source, which is: ' + self.a.state())

    def rescue(self, *words, dest='10.9.0.2'):
        named = ['--dest', dest] if dest else []
        return [PROGRAM, 'rescue', '--connect', self.a.uri, '--config-file', os.path.join(GROUND, 'nova.conf')] + named + list(words)

    def ask(self, *words, dest='10.9.0.2'):
        """A run to its end: exit code and its document."""
        done = run(*self.rescue(*words, '--format', 'json', dest=dest), check=False)
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = None
        return {'code': done.returncode, 'document': document, 'err': done.stderr}

    def states(self):
        return {'source': self.a.state(), 'destination': self.b.state()}

    def health(self):
        """Whether the guest goes on, and what was ever wrong with it."""
        before = self.beats.count()
        time.sleep(1.5)
        return {'beats': self.beats.count() - before, 'damage': self.beats.damage, 'gaps': self.beats.gaps}


def reset(lab):
    """Both QEMUs see their connection end."""
    lab.leave()
    lab.reset()
    lab.broken_at_source()
    until(lambda: 'post-copy failed' in lab.b.state(), 20, 'a break at the destination')
    before = lab.states()
    looked = lab.ask()
    untouched = lab.states() == before
    return {'looked': looked, 'untouched': untouched, 'acted': lab.ask('--yes')}


def link(lab):
    """The link is down until both daemons have given up, then heals while it is waited for."""
    lab.leave()
    lab.link('down')
    lab.broken_at_source()
    looked = lab.ask()
    waiting = subprocess.Popen(lab.rescue('--yes', '--format', 'json'), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    first = waiting.stderr.readline()
    lab.link('up')
    out, err = waiting.communicate(timeout=100)
    return {'looked': looked, 'acted': {'code': waiting.returncode, 'document': json.loads(out or 'null'), 'err': first + err}}


def half_open(lab):
    """The source's QEMU sees its connection end while the link is down, the destination's learns of it later."""
    lab.leave()
    lab.link('down')
    lab.reset()
    lab.broken_at_source()
    lab.link('up')
    return {'acted': lab.ask('--yes')}


def destination_daemon(lab):
    """The destination's libvirtd is killed and started again."""
    lab.leave()
    lab.b.restart()
    return {'acted': lab.ask('--yes', NAME)}


def source_daemon(lab):
    """The source's libvirtd is killed and started again."""
    lab.leave()
    lab.a.restart()
    return {'acted': lab.ask('--yes', NAME)}


def all_at_once(lab):
    """Cut, and both daemons are killed and started again."""
    lab.leave()
    lab.reset()
    lab.broken_at_source()
    lab.b.restart()
    lab.a.restart()
    return {'acted': lab.ask('--yes')}


def lost(lab):
    """The destination's QEMU is killed."""
    lab.leave()
    os.kill(lab.b.qemu(), signal.SIGKILL)
    lab.broken_at_source()
    until(lambda: 'shut off' in lab.b.state(), 20, 'the end at the destination')
    before, qemu = lab.states(), lab.a.qemu()
    found = {'looked': lab.ask(), 'acted': lab.ask('--yes')}
    found['untouched'] = lab.states() == before and lab.a.qemu() == qemu
    return found


def two(lab):
    """Two rescuers at once."""
    lab.leave()
    lab.reset()
    lab.broken_at_source()
    both = [subprocess.Popen(lab.rescue('--yes', '--format', 'json'), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [one.communicate(timeout=100) for one in both]
    return {'codes': [one.returncode for one in both], 'ends': ends}


def killed(lab):
    """The rescuer is killed at moments of chance, until one of them or the daemons by themselves have brought it back."""
    lab.leave()
    lab.reset()
    lab.broken_at_source()
    chance = random.Random(int(os.environ['NOVAMEND_SEED']) if 'NOVAMEND_SEED' in os.environ else None)
    kills = 0
    for _ in range(int(os.environ.get('LAB_KILLS', '4'))):
        one = subprocess.Popen(lab.rescue('--yes'), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        try:
            one.wait(timeout=chance.uniform(0.0, 2.5))
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()
            kills += 1
    return {'kills': kills, 'acted': lab.ask('--yes')}


def interfered(lab):
    """Nobody names the destination, or a host that does not answer is named beside it."""
    lab.leave()
    lab.reset()
    lab.broken_at_source()
    until(lambda: 'post-copy failed' in lab.b.state(), 20, 'a break at the destination')
    before = lab.states()
    found = {'unnamed': lab.ask('--yes', '--wait', '1', dest=None)}
    found['untouched'] = lab.states() == before
    found['acted'] = lab.ask('--yes', '--dest', '10.9.0.2')
    return found


def watched(lab):
    """A watcher that nobody tells the destination."""
    out = open(os.path.join(GROUND, 'watch.out'), 'w+')
    watcher = subprocess.Popen(lab.rescue('--watch', '--yes', dest=None), stdin=subprocess.DEVNULL, stdout=out,
                               stderr=subprocess.STDOUT)
    try:
        lab.leave(2.0)
        lab.reset()
        said = lambda: open(out.name).read()
        until(lambda: 'whole: it runs at the destination' in said(), 60, 'a rescue by the watcher: ' + said())
        watcher.send_signal(signal.SIGTERM)
        return {'code': watcher.wait(timeout=20), 'said': said()}
    finally:
        watcher.kill()
        watcher.wait()


SCENARIOS = {name: made for name, made in list(globals().items()) if callable(made) and name in (
    'reset', 'link', 'half_open', 'destination_daemon', 'source_daemon', 'all_at_once', 'lost', 'two', 'killed', 'interfered',
    'watched')}


def main():
    with open(os.path.join(GROUND, 'nova.conf'), 'w') as file:
        file.write('[libvirt]\nlive_migration_scheme = tcp\nlive_migration_permit_post_copy = true\n')
    lab = Lab()
    for name in sys.argv[3:]:
        log('---', name)
        lab.by_nova = name.startswith('nova:')
        lab.begin()
        found = {'scenario': name}
        try:
            found.update(SCENARIOS[name.split(':')[-1]](lab))
            found['nova'] = lab.of_nova()
            found['states'] = lab.states()
            found['health'] = lab.health()
        except Exception as error:
            found['error'] = '%s: %s (%s)' % (type(error).__name__, error, lab.states())
        print(json.dumps(found), flush=True)
        lab.link('up')
        lab.end()


main()
