package org.twincore.cli.drbdadm;

import java.util.List;
import org.twincore.drbd.config.ConfigPrinter;
import org.twincore.drbd.config.MetaDisk;
import org.twincore.drbd.config.NodeConfiguration;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.Quoting;
import org.twincore.drbd.config.VolumeDefinition;
import org.twincore.drbd.config.XmlPrinter;

/// The commands that the configuration alone answers: `dump`, `dump-xml` and most of `sh-*`.
final class Answers {
  private static final String DEVICES = "/dev/";

  private Answers() {}

  /// Whether [#forTarget] or [#forNode] knows the command.
  static boolean knows(Command command) {
    return switch (command) {
      case DUMP,
          DUMP_XML,
          SH_NOP,
          SH_RESOURCES,
          SH_RESOURCE,
          SH_MOD_PARMS,
          SH_DEV,
          SH_UDEV,
          SH_MINOR,
          SH_LL_DEV,
          SH_MD_DEV,
          SH_MD_IDX,
          SH_IP,
          SH_LR_OF ->
          true;
      default -> false;
    };
  }

  /// The answer to a command that is given no resource; ends with a newline unless empty.
  static String forNode(Invocation invocation, NodeConfiguration all) {
    return switch (invocation.command()) {
      case DUMP -> ConfigPrinter.print(all);
      case DUMP_XML -> XmlPrinter.print(all);
      case SH_RESOURCES -> resources(all, invocation.flags().stacked());
      case SH_MOD_PARMS ->
          "minor_count=" + all.configuration().globalValues().num(Option.MINOR_COUNT) + "\n";
      default -> "";
    };
  }

  private static String resources(NodeConfiguration all, boolean stacked) {
    List<String> names =
        all.resources().stream()
            .filter(resource -> !resource.isIgnored() && resource.stacked() == stacked)
            .map(resource -> Quoting.quoted(resource.name()))
            .toList();
    return names.isEmpty() ? "" : String.join(" ", names) + "\n";
  }

  /// The answer for one resource or volume.
  static String forTarget(Invocation invocation, NodeConfiguration all, Target target)
      throws UsageException {
    NodeResource resource = target.resource();
    return switch (invocation.command()) {
      case DUMP -> ConfigPrinter.print(all, resource);
      case DUMP_XML -> XmlPrinter.print(resource);
      case SH_RESOURCE -> resource.name() + "\n";
      case SH_LR_OF -> lower(invocation, resource) + "\n";
      default -> {
        StringBuilder lines = new StringBuilder();
        for (VolumeDefinition volume : target.volumes()) {
          String line =
              invocation.command() == Command.SH_UDEV
                  ? udev(all, resource, volume)
                  : volume(invocation.command(), resource, volume);
          lines.append(line).append('\n');
        }
        yield lines.toString();
      }
    };
  }

  private static String lower(Invocation invocation, NodeResource resource) throws UsageException {
    if (!invocation.flags().stacked()) {
      throw UsageException.usage("sh-lower-resource only available in stacked mode");
    }
    return resource.local().lower().orElse("");
  }

  private static String volume(Command command, NodeResource resource, VolumeDefinition volume) {
    MetaDisk meta = volume.metaDisk().orElse(MetaDisk.INTERNAL);
    String disk = volume.disk().orElse("");
    return switch (command) {
      case SH_DEV -> volume.deviceName();
      case SH_MINOR -> Integer.toString(volume.minor().orElse(-1));
      case SH_LL_DEV -> disk;
      case SH_MD_DEV -> meta.deviceFor(disk);
      case SH_MD_IDX -> meta.index();
      case SH_IP -> resource.local().address().orElseThrow().address();
      default -> throw new IllegalArgumentException(command.word());
    };
  }

  /// `udev-always-use-vnr` puts the volume's number also where the file has no `volume`.
  private static String udev(
      NodeConfiguration all, NodeResource resource, VolumeDefinition volume) {
    boolean numbers =
        !volume.implicit() || all.configuration().globalValues().flag(Option.UDEV_ALWAYS_USE_VNR);
    String name = numbers ? resource.name() + "/" + volume.number() : resource.name();
    return "RESOURCE=%s\nDEVICE=%s\nDISK=%s"
        .formatted(
            name, withoutFolder(volume.deviceName()), withoutFolder(volume.disk().orElse("")));
  }

  private static String withoutFolder(String device) {
    return device.startsWith(DEVICES) ? device.substring(DEVICES.length()) : device;
  }
}
