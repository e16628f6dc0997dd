package org.twincore.daemon;

import java.util.List;
import java.util.Map;
import org.twincore.admin.ResourceView.Paths;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.daemon.resource.Wiring;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The text of `drbdsetup show`: the running configuration, options only where they were set.
final class ShowText {
  private static final int KEY_COLUMNS = 16;

  private final StringBuilder text = new StringBuilder();
  private int depth;

  private ShowText() {}

  static String render(List<ResourceNode> resources) {
    ShowText show = new ShowText();
    resources.forEach(show::resource);
    return show.text.toString();
  }

  private void resource(ResourceNode node) {
    begin("resource " + node.name());
    options("options", node.options());
    List<VolumeStatus> status = node.reported().status().volumes();
    boolean isWired =
        node.wiring().isPresent()
            && node.reported().status().connection() != ConnectionState.STAND_ALONE;
    if (isWired) {
      Wiring wiring = node.wiring().get();
      options("net", wiring.net());
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
      options("disk", volume.diskOptions());
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

  private void options(String section, OptionValues values) {
    Map<Option, Object> set = values.set();
    if (set.isEmpty()) {
      return;
    }
    begin(section);
    for (Option option : set.keySet()) {
      line(option.word(), value(values, option));
    }
    end();
  }

  private static String value(OptionValues values, Option option) {
    String word = values.text(option).orElse("");
    return switch (option.type()) {
      case Option.Type.Number number ->
          switch (number.unit()) {
            case ONE -> word;
            case KIB -> word + "k";
            case SECTORS -> word + "s";
          };
      case Option.Type.Flag _, Option.Type.Word _ -> word;
      case Option.Type.Text _ -> quoted(word);
    };
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void begin(String head) {
    indent().append(head).append(" {\n");
    depth++;
  }

  private void line(String key, String value) {
    indent().append(key).append(" ".repeat(Math.max(0, KEY_COLUMNS - key.length())));
    text.append('\t').append(value).append(";\n");
  }

  private void end() {
    depth--;
    indent().append("}\n");
  }

  private StringBuilder indent() {
    return text.append("    ".repeat(depth));
  }
}
