"""Every option and command of the NBD server under test, through libnbd (1.14 and later).

usage: every-option.py UNIX_SOCKET
The server has 64 MiB exports r0 (writable, empty) and r0/1 (read-only), and r1 which is refused
as a Secondary's. Prints one line per check; the first that fails ends it with exit code 1.
"""
import errno
import socket
import struct
import sys

import nbd

PATH = sys.argv[1]
SIZE = 64 << 20
checks = 0


def check(name, condition):
    global checks
    checks += 1
    print("ok" if condition else "FAILED", name, flush=True)
    if not condition:
        sys.exit(1)


def fails(name, expected, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except nbd.Error as error:
        check("%s: %s" % (name, error.errno), error.errno == errno.errorcode[expected])
    else:
        check(name + ": no error", False)


def refused(name, call):
    """ERR_POLICY has no errno of its own: libnbd raises ENOTSUP where its text leaves it open."""
    try:
        call()
    except nbd.Error as error:
        check("%s: %s %s" % (name, error.errno, error),
              error.errno in ("ENOTSUP", "EOPNOTSUPP", "EPERM"))
    else:
        check(name + ": no error", False)


def connected(export, contexts=True, structured=True):
    h = nbd.NBD()
    h.set_export_name(export)
    h.set_request_structured_replies(structured)
    if contexts:
        h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    h.connect_unix(PATH)
    h.set_strict_mode(0)
    return h


def options():
    h = nbd.NBD()
    h.set_opt_mode(True)
    h.set_full_info(True)
    h.connect_unix(PATH)
    names = []
    h.opt_list(lambda name, description: names.append(name))
    check("NBD_OPT_LIST", names == ["r0", "r0/1", "r1"])
    h.set_export_name("r0")
    h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    found = []
    h.opt_list_meta_context(lambda name: found.append(name))
    check("NBD_OPT_LIST_META_CONTEXT", found == ["base:allocation"])
    h.clear_meta_contexts()
    found.clear()
    h.opt_list_meta_context(lambda name: found.append(name))
    check("NBD_OPT_LIST_META_CONTEXT without query", found == ["base:allocation"])
    h.add_meta_context("x-unknown:context")
    found.clear()
    h.opt_list_meta_context(lambda name: found.append(name))
    check("NBD_OPT_LIST_META_CONTEXT unknown", found == [])
    h.clear_meta_contexts()
    h.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    h.opt_info()
    check("NBD_OPT_INFO size", h.get_size() == SIZE)
    check("NBD_INFO_NAME", h.get_canonical_export_name() == "r0")
    check("NBD_INFO_DESCRIPTION", "volume 0" in h.get_export_description())
    check("NBD_OPT_SET_META_CONTEXT", h.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION))
    h.set_export_name("r1")
    refused("INFO on a secondary", h.opt_info)
    refused("GO on a secondary", h.opt_go)
    h.set_export_name("nothing")
    fails("GO on nothing", errno.ENOENT, h.opt_go)
    h.set_export_name("r0")
    h.opt_go()
    check("NBD_OPT_GO after refusals", h.aio_is_ready())
    h.shutdown()
    h = nbd.NBD()
    h.set_opt_mode(True)
    h.connect_unix(PATH)
    h.opt_abort()
    check("NBD_OPT_ABORT", h.aio_is_closed())
    h = nbd.NBD()
    h.set_tls(nbd.TLS_ALLOW)
    h.set_export_name("r0")
    h.connect_unix(PATH)
    check("NBD_OPT_STARTTLS refused, plain goes on", not h.get_tls_negotiated())
    h.shutdown()


def raw_options():
    """What libnbd does not send: EXPORT_NAME, PEEK, unknown options with data."""
    s = socket.socket(socket.AF_UNIX)
    s.connect(PATH)
    f = s.makefile("rwb", buffering=0)

    def read(n):
        data = b""
        while len(data) < n:
            part = f.read(n - len(data))
            if not part:
                return data
            data += part
        return data

    check("greeting", read(18) == b"NBDMAGICIHAVEOPT\0\3")
    f.write(struct.pack(">I", 1))
    for option, data in ((4, b""), (11, b""), (77, b"x" * 100000), (5, b"")):
        f.write(b"IHAVEOPT" + struct.pack(">II", option, len(data)) + data)
        magic, echo, kind, length = struct.unpack(">QIII", read(20))
        read(length)
        check("option %d is ERR_UNSUP" % option, (echo, kind) == (option, 0x80000001))
    for option in (6, 7):
        name = struct.pack(">I", 2) + b"r1" + struct.pack(">H", 0)
        f.write(b"IHAVEOPT" + struct.pack(">II", option, len(name)) + name)
        magic, echo, kind, length = struct.unpack(">QIII", read(20))
        check("option %d on a secondary is ERR_POLICY" % option,
              (magic, echo, kind) == (0x3e889045565a9, option, 0x80000002))
        check("with the reason", read(length) == b"r1 is Secondary on this node")
    f.write(b"IHAVEOPT" + struct.pack(">II", 1, 2) + b"r0")
    answer = read(134)
    check("NBD_OPT_EXPORT_NAME", struct.unpack(">Q", answer[:8])[0] == SIZE)
    check("124 zeroes", answer[10:] == bytes(124))
    f.write(struct.pack(">IHHQQI", 0x25609513, 0, 0, 42, 0, 512))
    check("simple reply", read(16) == struct.pack(">IIQ", 0x67446698, 0, 42))
    check("data", len(read(512)) == 512)
    f.write(struct.pack(">IHHQQI", 0x25609513, 0, 2, 43, 0, 0))
    check("NBD_CMD_DISC", read(1) == b"")


def extents(h, offset, length, flags=0):
    found = []
    h.block_status(length, offset, lambda name, at, entries, err: found.extend(entries), flags)
    return list(zip(found[0::2], found[1::2]))


def commands():
    h = connected("r0")
    hole = nbd.STATE_HOLE | nbd.STATE_ZERO
    check("flags", all((h.can_flush(), h.can_fua(), h.can_trim(), h.can_zero(), h.can_df(),
                        h.can_multi_conn(), h.can_cache(), h.can_fast_zero())))
    check("block sizes", [h.get_block_size(i) for i in (0, 1, 2)] == [512, 4096, 32 << 20])
    h.zero(SIZE, 0)
    check("empty at first", extents(h, 0, SIZE) == [(SIZE, hole)])
    one, two = bytes([1]) * 65536, bytes([2]) * 4096
    h.pwrite(one, 0)
    h.pwrite(two, 131072, nbd.CMD_FLAG_FUA)
    h.flush()
    check("NBD_CMD_READ", h.pread(65536, 0) == one and h.pread(4096, 131072) == two)
    chunks = []
    data = h.pread_structured(
        1 << 20, 0, lambda buf, at, kind, err: chunks.append((at, len(buf), kind)),
        nbd.CMD_FLAG_DF)
    check("READ with DF", chunks == [(0, 1 << 20, nbd.READ_DATA)] and data[:65536] == one)
    check("NBD_CMD_BLOCK_STATUS", extents(h, 0, 1 << 20)[:4] == [
        (65536, 0), (65536, hole), (4096, 0), ((1 << 20) - 135168, hole)])
    check("REQ_ONE", extents(h, 4096, 1 << 20, nbd.CMD_FLAG_REQ_ONE) == [(61440, 0)])
    h.trim(8192, 4096)
    h.trim(4096, 16384, nbd.CMD_FLAG_FUA)
    check("NBD_CMD_TRIM", extents(h, 0, 16384)[1] == (8192, hole))
    h.zero(4096, 131072, nbd.CMD_FLAG_NO_HOLE)
    check("WRITE_ZEROES NO_HOLE", h.pread(4096, 131072) == bytes(4096))
    h.zero(4096, 32768, nbd.CMD_FLAG_FUA)
    h.zero(4096, 36864, nbd.CMD_FLAG_FAST_ZERO)
    h.zero(4096, 40960, nbd.CMD_FLAG_FAST_ZERO | nbd.CMD_FLAG_NO_HOLE)
    check("NBD_CMD_WRITE_ZEROES", h.pread(16384, 32768) == bytes(12288) + one[:4096])
    h.cache(SIZE, 0)
    h.flush()
    big = bytes(range(256)) * (32 << 12)
    h.pwrite(big, 1 << 20)
    check("32 MiB in one request", h.pread(32 << 20, 1 << 20) == big)
    several(h)
    errors(h)
    h.shutdown()


def several(h):
    other = connected("r0")
    h.pwrite(bytes([9]) * 512, SIZE - 512)
    other.flush()
    check("multi-conn", other.pread(512, SIZE - 512) == bytes([9]) * 512)
    cookies = [h.aio_pread(nbd.Buffer(4096), i * 4096) for i in range(64)]
    while cookies:
        h.poll(-1)
        cookies = [cookie for cookie in cookies if not h.aio_command_completed(cookie)]
    check("64 in flight", True)
    other.shutdown()


def errors(h):
    fails("unaligned offset", errno.EINVAL, h.pread, 512, 1)
    fails("unaligned length", errno.EINVAL, h.pread, 100, 0)
    fails("zero length read", errno.EINVAL, h.pread, 0, 0)
    fails("read behind the end", errno.EINVAL, h.pread, 1024, SIZE - 512)
    fails("read far behind", errno.EINVAL, h.pread, 512, 1 << 62)
    fails("unaligned write", errno.EINVAL, h.pwrite, bytes(100), 0)
    fails("zero length write", errno.EINVAL, h.pwrite, b"", 0)
    fails("write behind the end", errno.ENOSPC, h.pwrite, bytes(1024), SIZE - 512)
    fails("zeroes behind the end", errno.ENOSPC, h.zero, 1024, SIZE - 512)
    fails("trim behind the end", errno.EINVAL, h.trim, 1024, SIZE - 512)
    fails("zero length trim", errno.EINVAL, h.trim, 0, 0)
    fails("zero length zeroes", errno.EINVAL, h.zero, 0, 0)
    fails("unaligned zeroes", errno.EINVAL, h.zero, 4096, 17)
    fails("cache behind the end", errno.EINVAL, h.cache, 1024, SIZE)
    fails("status of nothing", errno.EINVAL, h.block_status, 0, 0, lambda *args: 0)
    fails("status behind the end", errno.EINVAL, h.block_status, 512, SIZE, lambda *args: 0)
    fails("33 MiB write", errno.EINVAL, h.pwrite, bytes(33 << 20), 0)
    fails("33 MiB read", errno.EINVAL, h.pread, 33 << 20, 0)
    fails("unknown flag", errno.EINVAL, h.flush, 0x8000)
    fails("NO_HOLE on a trim", errno.EINVAL, h.trim, 512, 0, nbd.CMD_FLAG_NO_HOLE)
    check("still alive", len(h.pread(512, 0)) == 512)


def read_only():
    h = connected("r0/1")
    check("read-only", h.is_read_only() and not h.can_trim())
    fails("write", errno.EPERM, h.pwrite, bytes(512), 0)
    fails("trim", errno.EPERM, h.trim, 512, 0)
    fails("zero", errno.EPERM, h.zero, 512, 0)
    h.flush()
    check("reads", h.pread(512, 0) == bytes(512))
    check("status", extents(h, 0, 4096) != [])
    h.shutdown()


def simple_replies():
    h = connected("r0", contexts=False, structured=False)
    check("simple replies", not h.get_structured_replies_negotiated() and not h.can_df())
    h.pwrite(bytes([5]) * 4096, 0)
    check("read", h.pread(4096, 0) == bytes([5]) * 4096)
    fails("simple error", errno.EINVAL, h.pread, 100, 0)
    fails("DF without structured replies", errno.EINVAL, h.pread, 512, 0, nbd.CMD_FLAG_DF)
    check("still alive", h.pread(512, 0) == bytes([5]) * 512)
    h.shutdown()


options()
raw_options()
commands()
read_only()
simple_replies()
print("%d checks" % checks)
