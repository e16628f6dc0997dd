package org.twincore.host.blockdev;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.host.linux.Descriptor;
import org.twincore.host.linux.Errno;
import org.twincore.host.linux.LinuxException;

/// One loop device over one file that this process serves, with direct I/O.
///
/// This process keeps no descriptor of it: whoever closes a block device last waits, unkillably,
/// until all that was written is on it, and a process that must serve these writes itself could
/// then neither go on nor die. So the last user of the device waits for its own writes, as with any
/// disk, and [#release] leaves that wait to a child process.
///
/// Who has it open is found out exactly by asking the kernel to give it up. Without openers it lets
/// go of the file at once; with some it would wait for the last of them (autoclear), which
/// [#release] takes back.
///
/// ```
/// attached --release, no opener--> detached        attached --release, opener--> attached
/// attached --abandon--> detached when the last opener leaves
/// ```
///
/// Source: linux/loop.h (`struct loop_config`, `struct loop_info64`), drivers/block/loop.c of 6.1
/// and 6.18.
public final class LoopDevice {
  /// The major number of loop devices (Documentation/admin-guide/devices.txt).
  static final int MAJOR = 7;

  private static final long LOOP_SET_STATUS64 = 0x4C04;
  private static final long LOOP_GET_STATUS64 = 0x4C05;
  private static final long LOOP_SET_CAPACITY = 0x4C07;
  private static final long LOOP_CONFIGURE = 0x4C0A;
  private static final long LOOP_CTL_ADD = 0x4C80;
  private static final long LOOP_CTL_GET_FREE = 0x4C82;

  private static final int CONFIG_BYTES = 304;
  private static final int INFO_OFFSET = 8;
  private static final int INFO_BYTES = 232;
  private static final int FLAGS_OFFSET = 52;
  private static final int NAME_OFFSET = 56;
  private static final int NAME_BYTES = 64;
  private static final int LO_FLAGS_AUTOCLEAR = 4;
  private static final int LO_FLAGS_DIRECT_IO = 16;
  private static final int SECTOR_BYTES = 512;

  /// Another program may take the free number first; more losses in a row than this are an error.
  private static final int ATTEMPTS_MAX = 32;

  /// What users wrote last and the kernel has not passed on yet may take long on a slow disk.
  private static final long DETACH_LIMIT_MILLIS = 600_000;

  private final int number;
  private final Path scratch;
  private final String backing;

  private LoopDevice(int number, Path scratch, String backing) {
    this.number = number;
    this.scratch = scratch;
    this.backing = backing;
  }

  /// Makes a loop device over `file`. `scratch` is a name for a device node, in a folder where
  /// device nodes can be opened; it is there only while this class opens the device.
  ///
  /// A fresh loop device number is made at need; other loop devices are never touched.
  public static LoopDevice attach(Path file, Path scratch) throws IOException {
    try (Descriptor control = Descriptor.open("/dev/loop-control", Descriptor.O_RDWR);
        Descriptor backing =
            Descriptor.open(file.toString(), Descriptor.O_RDWR | Descriptor.O_DIRECT)) {
      for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        int number = freeNumber(control);
        try (Descriptor loop = open(number, scratch)) {
          configure(loop, backing, file);
          return new LoopDevice(number, scratch, backingFile(number).orElse(""));
        } catch (LinuxException failed) {
          if (failed.errno() != Errno.EBUSY) {
            throw failed;
          }
        }
      }
    }
    throw new IOException("no free loop device after " + ATTEMPTS_MAX + " attempts");
  }

  private static int freeNumber(Descriptor control) throws IOException {
    int number = control.ioctl("LOOP_CTL_GET_FREE", LOOP_CTL_GET_FREE, 0);
    if (!Files.exists(Path.of("/sys/block/loop" + number))) {
      control.ioctl("LOOP_CTL_ADD", LOOP_CTL_ADD, number);
    }
    return number;
  }

  private static Descriptor open(int number, Path scratch) throws IOException {
    DeviceChild name = named(number, scratch);
    name.makeNode();
    try {
      return Descriptor.open(scratch.toString(), Descriptor.O_RDWR);
    } finally {
      name.removeNode();
    }
  }

  private static DeviceChild named(int number, Path scratch) {
    return new DeviceChild(scratch, MAJOR, number);
  }

  private static void configure(Descriptor loop, Descriptor backing, Path file)
      throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment config = arena.allocate(CONFIG_BYTES, 8);
      config.set(JAVA_INT, 0, backing.number());
      config.set(JAVA_INT, 4, SECTOR_BYTES);
      config.set(JAVA_INT, INFO_OFFSET + FLAGS_OFFSET, LO_FLAGS_DIRECT_IO);
      byte[] name = file.toString().getBytes(StandardCharsets.UTF_8);
      int length = Math.min(name.length, NAME_BYTES - 1);
      MemorySegment.copy(MemorySegment.ofArray(name), 0, config, INFO_OFFSET + NAME_OFFSET, length);
      loop.ioctl("LOOP_CONFIGURE", LOOP_CONFIGURE, config);
    }
  }

  /// The N of /dev/loopN.
  public int number() {
    return number;
  }

  /// The backing file grew: the device grows too.
  public void updateSize() throws IOException {
    try (Descriptor loop = open(number, scratch)) {
      loop.ioctl("LOOP_SET_CAPACITY", LOOP_SET_CAPACITY, 0);
    }
  }

  /// Gives the device up unless somebody has it open.
  ///
  /// True: detached, everything written was handed to the file. False: others have it open; the
  /// device goes on as if nothing had been asked.
  public boolean release() throws IOException {
    detach(number, scratch);
    if (isDetached()) {
      return true;
    }
    try (Descriptor loop = open(number, scratch)) {
      if (isDetached()) { // the last opener left in between
        return true;
      }
      clearAutoclear(loop);
      return false;
    }
  }

  /// Gives the device up whoever has it open; the kernel frees it when the last of them leaves.
  public void abandon() throws IOException {
    detach(number, scratch);
  }

  /// For a device that a dead process left behind; as [#abandon()].
  static void abandon(int number, Path scratch) throws IOException {
    detach(number, scratch);
  }

  /// Hands everything written to the device to its file, a mounted file system's pages included;
  /// false if that takes longer.
  public boolean flush(long timeoutMillis) throws IOException {
    return named(number, scratch).flush(timeoutMillis);
  }

  /// LOOP_CLR_FD.
  private static void detach(int number, Path scratch) throws IOException {
    if (!named(number, scratch).run(DETACH_LIMIT_MILLIS, "/sbin/losetup", "--detach")) {
      throw new IOException("loop device " + number + " does not take what was written to it");
    }
  }

  /// Whether the kernel holds our file behind this number no more; another program may have taken
  /// the number since.
  private boolean isDetached() {
    return !backingFile(number).equals(Optional.of(backing));
  }

  /// What the kernel calls the file behind a loop device; empty if it has none.
  static Optional<String> backingFile(int number) {
    try {
      return Optional.of(
          Files.readString(Path.of("/sys/block/loop" + number + "/loop/backing_file")).strip());
    } catch (IOException noFile) { // there is no such file while the device is free
      return Optional.empty();
    }
  }

  private static void clearAutoclear(Descriptor loop) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = arena.allocate(INFO_BYTES, 8);
      loop.ioctl("LOOP_GET_STATUS64", LOOP_GET_STATUS64, info);
      info.set(JAVA_INT, FLAGS_OFFSET, info.get(JAVA_INT, FLAGS_OFFSET) & ~LO_FLAGS_AUTOCLEAR);
      loop.ioctl("LOOP_SET_STATUS64", LOOP_SET_STATUS64, info);
    }
  }

  /// The loop devices whose backing file's path ends with `ending`, from all mount namespaces.
  static List<Integer> numbersOver(String ending) throws IOException {
    List<Integer> found = new ArrayList<>();
    try (DirectoryStream<Path> devices =
        Files.newDirectoryStream(Path.of("/sys/block"), "loop[0-9]*")) {
      for (Path device : devices) {
        int number = Integer.parseInt(device.getFileName().toString().substring("loop".length()));
        if (backingFile(number).filter(file -> file.endsWith(ending)).isPresent()) {
          found.add(number);
        }
      }
    }
    return found;
  }

  /// Size in bytes of the device behind an open block device (linux/fs.h, BLKGETSIZE64).
  public static long sizeBytes(Descriptor device) throws LinuxException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_LONG);
      device.ioctl("BLKGETSIZE64", 0x80081272L, size);
      return size.get(JAVA_LONG, 0);
    }
  }
}
