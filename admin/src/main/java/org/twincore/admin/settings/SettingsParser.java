package org.twincore.admin.settings;

import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.twincore.admin.settings.NodeSettings.Compression;
import org.twincore.admin.settings.NodeSettings.DeviceBy;
import org.twincore.admin.settings.NodeSettings.DiskIo;
import org.twincore.admin.settings.NodeSettings.Epochs;
import org.twincore.admin.settings.NodeSettings.NbdSecondary;
import org.twincore.admin.settings.NodeSettings.StatusStyle;

/// Reads a settings file: `key = value` lines, `#` comments, and `[node NAME]` before the lines
/// that hold for one node only. Lines before the first such head hold for all; a node's own win.
public final class SettingsParser {
  private static final int LINES_MAX = 10_000;
  private static final int LINE_MAX = 4096;

  private final String file;
  private final String node;
  private final SettingsDraft draft = new SettingsDraft();

  // Where we are.
  private int line;
  private Optional<String> section = Optional.empty();
  private final TreeSet<String> seen = new TreeSet<>();
  private final TreeSet<String> sections = new TreeSet<>();

  private SettingsParser(String file, String node) {
    this.file = file;
    this.node = node;
  }

  /// The settings of `node` in a file's lines; every line is checked, also those of other nodes.
  public static NodeSettings parse(String file, List<String> lines, String node)
      throws SettingsException {
    SettingsParser own = new SettingsParser(file, node);
    own.read(lines, false);
    own.read(lines, true);
    own.checkTls();
    return own.draft.settings();
  }

  /// Two passes: first what holds for all, then what holds for this node, wherever it stands.
  private void read(List<String> lines, boolean takesOwn) throws SettingsException {
    section = Optional.empty();
    seen.clear();
    sections.clear();
    line = 0;
    for (String text : lines) {
      line++;
      if (line > LINES_MAX || text.length() > LINE_MAX) {
        throw wrong(1, "more than " + LINES_MAX + " lines or " + LINE_MAX + " characters a line");
      }
      int from = skipBlanks(text, 0);
      if (from == text.length() || text.charAt(from) == '#') {
        continue;
      }
      if (text.charAt(from) == '[') {
        head(text, from);
      } else {
        setting(text, from, takesOwn);
      }
    }
  }

  /// TLS needs all its files: half of it must not mean none.
  private void checkTls() throws SettingsException {
    Optional<String> missing = draft.missingForTls();
    if (missing.isPresent()) {
      throw wrong(1, "'" + missing.get() + "' expected too: TLS is half set up for node " + node);
    }
  }

  private void head(String text, int from) throws SettingsException {
    int end = text.indexOf(']', from);
    String inside = end < 0 ? "" : text.substring(from + 1, end).strip();
    if (!inside.startsWith("node ") || inside.substring(5).isBlank()) {
      throw wrong(from + 1, "'[node NAME]' expected");
    }
    int rest = skipBlanks(text, end + 1);
    if (rest < text.length() && text.charAt(rest) != '#') {
      throw wrong(rest + 1, "nothing expected behind ']'");
    }
    String name = inside.substring(5).strip();
    if (!sections.add(name)) {
      throw wrong(from + 1, "node '" + name + "' has a section already");
    }
    section = Optional.of(name);
    seen.clear();
  }

  private void setting(String text, int from, boolean takesOwn) throws SettingsException {
    int equals = text.indexOf('=', from);
    if (equals < 0) {
      throw wrong(from + 1, "'key = value' expected");
    }
    String key = text.substring(from, equals).strip();
    if (!seen.add(key)) {
      throw wrong(from + 1, "'" + key + "' is set twice");
    }
    int start = skipBlanks(text, equals + 1);
    String value = withoutComment(text.substring(start)).strip();
    if (value.isEmpty()) {
      throw wrong(start + 1, "a value expected for '" + key + "'");
    }
    SettingsDraft.Change change = change(key, value, from + 1, start + 1);
    if (takesOwn ? section.equals(Optional.of(node)) : section.isEmpty()) {
      change.in(draft);
    }
  }

  /// A comment behind a value begins with a blank and `#`.
  private static String withoutComment(String value) {
    int comment = value.indexOf(" #");
    return comment < 0 ? value : value.substring(0, comment);
  }

  /// What the line changes; its value is checked here, wherever the line holds.
  private SettingsDraft.Change change(String key, String value, int keyColumn, int column)
      throws SettingsException {
    switch (key) {
      case "nbd-listen" -> {
        List<String> said = addresses(value, column);
        return it -> it.nbdListen = said;
      }
      case "nbd-secondary" -> {
        NbdSecondary said = word(NbdSecondary.values(), value, column);
        return it -> it.nbdSecondary = said;
      }
      case "status-style" -> {
        StatusStyle said = word(StatusStyle.values(), value, column);
        return it -> it.statusStyle = said;
      }
      case "log-file" -> {
        String said = path(value, column);
        return it -> it.logFile = Optional.of(said);
      }
      case "log-max-size" -> {
        long said = size(value, column);
        return it -> it.logMaxBytes = said;
      }
      case "log-keep" -> {
        int said = count(value, column);
        return it -> it.logKeep = said;
      }
      case "state-folder" -> {
        String said = path(value, column);
        return it -> it.stateFolder = Optional.of(said);
      }
      case "device-folder" -> {
        String said = deviceFolder(value, column);
        return it -> it.deviceFolder = Optional.of(said);
      }
      case "device-by" -> {
        DeviceBy said = word(DeviceBy.values(), value, column);
        return it -> it.deviceBy = said;
      }
      case "epochs" -> {
        Epochs said = word(Epochs.values(), value, column);
        return it -> it.epochs = said;
      }
      case "disk-io" -> {
        DiskIo said = word(DiskIo.values(), value, column);
        return it -> it.diskIo = said;
      }
      case "tls-certificate" -> {
        String said = path(value, column);
        return it -> it.tlsCertificate = Optional.of(said);
      }
      case "tls-key" -> {
        String said = path(value, column);
        return it -> it.tlsKey = Optional.of(said);
      }
      case "tls-ca" -> {
        String said = path(value, column);
        return it -> it.tlsAuthorities = Optional.of(said);
      }
      case "tls-peer" -> {
        String said = hostName(value, column);
        return it -> it.tlsPeer = Optional.of(said);
      }
      case "compression" -> {
        Compression said = word(Compression.values(), value, column);
        return it -> it.compression = said;
      }
      case "undo" -> {
        boolean said = onOrOff(value, column);
        return it -> it.isUndoOn = said;
      }
      case "undo-limit" -> {
        long said = size(value, column);
        return it -> it.undoLimitBytes = said;
      }
      case "undo-folder" -> {
        String said = path(value, column);
        return it -> it.undoFolder = Optional.of(said);
      }
      case "handler-timeout" -> {
        Duration said = seconds(value, column);
        return it -> it.handlerTimeout = said;
      }
      case "protocol-max" -> {
        int said = protocol(value, column);
        return it -> it.protocolMax = said;
      }
      case "verify-every" -> {
        Optional<Duration> said = interval(value, column);
        return it ->
            it.verify =
                new VerifyTimes(said, it.verify.at(), it.verify.rateKib(), it.verify.node());
      }
      case "verify-at" -> {
        Optional<LocalTime> said = Optional.of(timeOfDay(value, column));
        return it ->
            it.verify =
                new VerifyTimes(it.verify.every(), said, it.verify.rateKib(), it.verify.node());
      }
      case "verify-rate" -> {
        long said = size(value, column) >> 10;
        return it ->
            it.verify = new VerifyTimes(it.verify.every(), it.verify.at(), said, it.verify.node());
      }
      case "verify-node" -> {
        Optional<String> said = Optional.of(hostName(value, column));
        return it ->
            it.verify =
                new VerifyTimes(it.verify.every(), it.verify.at(), it.verify.rateKib(), said);
      }
      case "adjust-command" -> {
        return it -> it.adjustCommand = value;
      }
      default -> throw wrong(keyColumn, "unknown setting '" + key + "'");
    }
  }

  private List<String> addresses(String value, int column) throws SettingsException {
    List<String> addresses = new ArrayList<>();
    for (String part : value.split(",", -1)) {
      String address = part.strip();
      boolean isUnix = address.startsWith("unix:/");
      boolean isTcp = address.matches("(\\[[0-9A-Fa-f:.%a-z]+]|[^\\s:/]+):[0-9]{1,5}");
      if (!isUnix && !isTcp) {
        throw wrong(column + value.indexOf(part), "unix:/PATH, HOST:PORT or [IPV6]:PORT expected");
      }
      addresses.add(address);
    }
    return addresses;
  }

  private <W extends NodeSettings.Word> W word(W[] words, String value, int column)
      throws SettingsException {
    for (W each : words) {
      if (each.word().equals(value)) {
        return each;
      }
    }
    List<String> all = Arrays.stream(words).map(NodeSettings.Word::word).toList();
    throw wrong(column, "one of " + String.join(", ", all) + " expected");
  }

  private boolean onOrOff(String value, int column) throws SettingsException {
    if (!value.equals("on") && !value.equals("off")) {
      throw wrong(column, "one of on, off expected");
    }
    return value.equals("on");
  }

  private String hostName(String value, int column) throws SettingsException {
    if (!value.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")) {
      throw wrong(column, "a host name expected");
    }
    return value;
  }

  private String path(String value, int column) throws SettingsException {
    if (!value.startsWith("/")) {
      throw wrong(column, "a path from the root on expected");
    }
    return value;
  }

  private String deviceFolder(String value, int column) throws SettingsException {
    return value.equals("none") ? value : path(value, column);
  }

  private long size(String value, int column) throws SettingsException {
    int digits = value.length() - (value.matches("[0-9]+[KMG]") ? 1 : 0);
    int shift =
        switch (value.charAt(value.length() - 1)) {
          case 'K' -> 10;
          case 'M' -> 20;
          case 'G' -> 30;
          default -> 0;
        };
    if (!value.substring(0, digits).matches("[0-9]{1,9}")) {
      throw wrong(column, "a size expected, such as 10M");
    }
    return Math.max(1L << 12, Long.parseLong(value.substring(0, digits)) << shift);
  }

  private Duration seconds(String value, int column) throws SettingsException {
    if (!value.matches("[1-9][0-9]{0,4}")) {
      throw wrong(column, "seconds expected, 1 to 99999");
    }
    return Duration.ofSeconds(Long.parseLong(value));
  }

  /// `never`, or minutes, hours or days.
  private Optional<Duration> interval(String value, int column) throws SettingsException {
    if (value.equals("never")) {
      return Optional.empty();
    }
    if (!value.matches("[1-9][0-9]{0,3}[mhd]")) {
      throw wrong(column, "never, or a time such as 90m, 12h or 7d expected");
    }
    long number = Long.parseLong(value.substring(0, value.length() - 1));
    return Optional.of(
        switch (value.charAt(value.length() - 1)) {
          case 'm' -> Duration.ofMinutes(number);
          case 'h' -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        });
  }

  private LocalTime timeOfDay(String value, int column) throws SettingsException {
    if (!value.matches("([01][0-9]|2[0-3]):[0-5][0-9]")) {
      throw wrong(column, "a time of the day expected, 00:00 to 23:59");
    }
    return LocalTime.parse(value);
  }

  private int count(String value, int column) throws SettingsException {
    if (!value.matches("[0-9]{1,3}")) {
      throw wrong(column, "a number of 0 to 999 expected");
    }
    return Integer.parseInt(value);
  }

  private int protocol(String value, int column) throws SettingsException {
    int version = value.matches("[0-9]{1,3}") ? Integer.parseInt(value) : 0;
    if (version < NodeSettings.PROTOCOL_MIN || version > NodeSettings.PROTOCOL_MAX) {
      throw wrong(
          column,
          "a protocol version of %d to %d expected"
              .formatted(NodeSettings.PROTOCOL_MIN, NodeSettings.PROTOCOL_MAX));
    }
    return version;
  }

  private static int skipBlanks(String text, int from) {
    int at = from;
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private SettingsException wrong(int column, String message) {
    return new SettingsException(file, line, column, message);
  }
}
