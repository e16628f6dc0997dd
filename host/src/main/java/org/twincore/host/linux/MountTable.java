package org.twincore.host.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What this process sees mounted, at one moment (proc(5), `/proc/self/mountinfo`).
///
/// | field | meaning |
/// |---|---|
/// | 1, 2 | ids of the mount and its parent |
/// | 3 | `major:minor` of the device |
/// | 4 | root of the mount inside its filesystem |
/// | 5 | where |
/// | 6 and on | options, up to a lone `-` |
/// | after `-` | filesystem type, source, its options |
public record MountTable(List<Mount> mounts) {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");
  private static final int FIELDS_MIN = 9;

  public MountTable {
    mounts = List.copyOf(mounts);
  }

  /// One mount: `number` is the device's `major:minor`, `source` the name it was mounted by.
  public record Mount(String number, String source, String folder, String type) {}

  /// The table as it is now.
  public static MountTable now() throws IOException {
    return parse(Files.readString(MOUNTINFO, StandardCharsets.UTF_8));
  }

  /// The table of a text; lines that are none are left out.
  public static MountTable parse(String mountinfo) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : mountinfo.lines().toList()) {
      List<String> fields = List.of(line.split(" ", -1));
      int dash = fields.indexOf("-");
      if (fields.size() >= FIELDS_MIN && dash >= 0 && dash + 2 < fields.size()) {
        mounts.add(
            new Mount(
                fields.get(2),
                unescaped(fields.get(dash + 2)),
                unescaped(fields.get(4)),
                fields.get(dash + 1)));
      }
    }
    return new MountTable(mounts);
  }

  /// The last mount of a block device: by its number, whatever name it was mounted by, or by its
  /// name, for filesystems with a number of their own.
  public Optional<Mount> of(Path device) {
    String number = number(device);
    return mounts.reversed().stream()
        .filter(m -> m.number().equals(number) || m.source().equals(device.toString()))
        .findFirst();
  }

  /// `major:minor` of a device node; empty for what is none.
  private static String number(Path device) {
    try {
      int mode = (Integer) Files.getAttribute(device, "unix:mode");
      long number = (Long) Files.getAttribute(device, "unix:rdev");
      return SysStat.isBlockDevice(mode) ? SysStat.major(number) + ":" + SysStat.minor(number) : "";
    } catch (IOException e) {
      // No such node: nothing is mounted by its number.
      return "";
    }
  }

  /// Blank, tab, newline and backslash stand as three octal digits.
  private static String unescaped(String field) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; at < field.length(); at++) {
      String digits = field.substring(at, Math.min(at + 4, field.length()));
      if (digits.matches("\\\\[0-3][0-7]{2}")) {
        text.append((char) Integer.parseInt(digits.substring(1), 8));
        at += 3;
      } else {
        text.append(field.charAt(at));
      }
    }
    return text.toString();
  }
}
