package org.twincore.daemon;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.twincore.admin.ResourceView.Paths;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.daemon.resource.Wiring;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The text of `drbdsetup show`: the running configuration, options only where they were set or,
/// with `--show-defaults`, all of them.
final class ShowText {
  private static final int KEY_COLUMNS = 16;

  /// Which options are shown.
  enum Shown {
    SET,
    /// Those that have their default, too.
    ALL
  }

  private final StringBuilder text = new StringBuilder();
  private final Shown shown;
  private int depth;

  private ShowText(Shown shown) {
    this.shown = shown;
  }

  static String render(List<ResourceNode> resources, Shown shown) {
    ShowText show = new ShowText(shown);
    resources.forEach(show::resource);
    return show.text.toString();
  }

  private void resource(ResourceNode node) {
    begin("resource " + node.name());
    options(Option.Section.OPTIONS, node.options());
    List<VolumeStatus> status = node.reported().status().volumes();
    boolean isWired =
        node.wiring().isPresent()
            && node.reported().status().connection() != ConnectionState.STAND_ALONE;
    if (isWired) {
      Wiring wiring = node.wiring().get();
      options(Option.Section.NET, node.net());
      begin("_remote_host");
      line("address", address(wiring.peerText()));
      end();
    }
    begin("_this_host");
    if (isWired) {
      line("address", address(node.wiring().get().localText()));
    }
    for (VolumeNode volume : node.volumes()) {
      volume(volume, status);
    }
    end();
    end();
    text.append('\n');
  }

  private void volume(VolumeNode volume, List<VolumeStatus> status) {
    begin("volume " + volume.number());
    line("device", "minor " + volume.minor());
    boolean hasDisk =
        status.stream()
            .anyMatch(s -> s.volume() == volume.number() && s.state().disk() != DiskState.DISKLESS);
    if (hasDisk && volume.paths().isPresent()) {
      Paths paths = volume.paths().get();
      line("disk", quoted(paths.disk()));
      line("meta-disk", metaDisk(paths));
      options(Option.Section.DISK, volume.diskOptions());
    }
    end();
  }

  private static String metaDisk(Paths paths) {
    return switch (paths.metaIndex()) {
      case "internal" -> "internal";
      case "flexible" -> quoted(paths.metaDisk());
      default -> quoted(paths.metaDisk()) + " [ " + paths.metaIndex() + " ]";
    };
  }

  /// `ipv4:10.0.0.1:7788` as `ipv4 10.0.0.1:7788`.
  private static String address(String address) {
    return address.replaceFirst(":", " ");
  }

  private void options(Option.Section section, OptionValues values) {
    List<Option> options =
        shown == Shown.SET
            ? List.copyOf(values.set().keySet())
            : Arrays.stream(Option.values()).filter(it -> it.section() == section).toList();
    if (options.isEmpty()) {
      return;
    }
    begin(section.word());
    for (Option option : options) {
      line(option.word(), value(values, option), shown == Shown.SET ? "" : remark(values, option));
    }
    end();
  }

  /// What a number counts, and whether the value is nobody's wish.
  private static String remark(OptionValues values, Option option) {
    List<String> parts = new ArrayList<>();
    if (!option.counted().isEmpty()) {
      parts.add(option.counted());
    }
    if (!values.set().containsKey(option)) {
      parts.add("default");
    }
    return parts.isEmpty() ? "" : " # " + String.join(", ", parts);
  }

  private static String value(OptionValues values, Option option) {
    return switch (option.type()) {
      case Option.Type.Number number ->
          values.num(option)
              + switch (number.unit()) {
                case ONE -> "";
                case KIB -> "k";
                case SECTORS -> "s";
              };
      case Option.Type.Flag _ -> values.flag(option) ? "yes" : "no";
      case Option.Type.Word _ -> values.word(option);
      case Option.Type.Text _ -> text(values, option);
    };
  }

  /// drbdsetup has the resource that another one's resync waits for as a minor, -1 for none.
  private static String text(OptionValues values, Option option) {
    String word = values.word(option);
    return option == Option.RESYNC_AFTER && word.isEmpty() ? "-1" : quoted(word);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void begin(String head) {
    indent().append(head).append(" {\n");
    depth++;
  }

  private void line(String key, String value) {
    line(key, value, "");
  }

  private void line(String key, String value, String remark) {
    indent().append(key).append(" ".repeat(Math.max(0, KEY_COLUMNS - key.length())));
    text.append('\t').append(value).append(';').append(remark).append('\n');
  }

  private void end() {
    depth--;
    indent().append("}\n");
  }

  private StringBuilder indent() {
    return text.append("    ".repeat(depth));
  }
}
