package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.twincore.drbd.VolumeNumber;
import org.twincore.drbd.config.Option.RangeCheck;
import org.twincore.drbd.config.Statement.Section;

/// What drbdadm lets pass and drbdsetup or the kernel would refuse: words that are no value of
/// their option, numbers out of range, settings that contradict each other, two volumes on one
/// disk.
///
/// A dump does not run these checks; `up` and `adjust` must, and refuse what they name.
public final class LateChecks {
  private static final int MINOR_MAX = (1 << 20) - 1;

  private final List<String> complaints = new ArrayList<>();

  private LateChecks() {}

  /// What is wrong with a resource of a merged and translated configuration, each as `FILE:LINE:
  /// text`; empty if it may start.
  public static List<String> complaints(NodeResource resource, NodeConfiguration all) {
    LateChecks checks = new LateChecks();
    checks.resource(resource);
    checks.sharedDisks(resource, all);
    return List.copyOf(checks.complaints);
  }

  /// What is odd about a resource and yet runs, each as `FILE:LINE: WARN: text`.
  public static List<String> warnings(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    OptionValues net = definition.options(Section.NET).values(Section.NET);
    long timeout = net.num(Option.TIMEOUT);
    boolean shorter =
        timeout < 10 * net.num(Option.CONNECT_INT) && timeout < 10 * net.num(Option.PING_INT);
    return shorter
        ? List.of()
        : List.of(
            definition.at().fileLine()
                + ": WARN: timeout (0.1 s) should be less than connect-int and ping-int (s)");
  }

  private void complain(Position at, String text) {
    complaints.add(at.fileLine() + ": " + text);
  }

  private void resource(NodeResource resource) {
    ResourceDefinition definition = resource.definition();
    for (Section section :
        List.of(Section.OPTIONS, Section.NET, Section.STARTUP, Section.HANDLERS)) {
      values(section, definition.options(section));
    }
    if (resource.stacked()) {
      complain(
          definition.at(),
          "resource " + resource.name() + " is stacked: stacking is not supported");
    }
    checkAddress(resource.local());
    net(definition);
    for (VolumeDefinition volume : resource.local().volumes()) {
      values(Section.DISK, volume.diskOptions());
      volume(definition, volume);
    }
  }

  private void checkAddress(HostDefinition me) {
    Endpoint address = me.address().orElseThrow();
    boolean octets =
        !address.family().equals("ipv4")
            || List.of(address.address().split("\\.")).stream()
                .allMatch(octet -> Integer.parseInt(octet) <= 255);
    if (!octets) {
      complain(me.at(), "'" + address.address() + "' is no IPv4 address");
    }
    if (!address.family().equals("ipv4") && !address.family().equals(Endpoint.IPV6)) {
      complain(me.at(), "address family '" + address.family() + "' is not supported");
    }
  }

  private void values(Section section, OptionList options) {
    for (Setting setting : options.settings()) {
      Option option = Option.of(OptionList.tableSection(section), setting.name()).orElseThrow();
      switch (option.type()) {
        case Option.Type.Word type -> word(setting, option, type);
        case Option.Type.Number type -> number(setting, option, type);
        case Option.Type.Flag _, Option.Type.Text _ -> {}
      }
    }
  }

  private void word(Setting setting, Option option, Option.Type.Word type) {
    boolean old = option == Option.ON_IO_ERROR && setting.text().equals("panic");
    if (!type.words().contains(setting.text()) && !old) {
      complain(
          setting.at(),
          "%s: '%s' is none of %s"
              .formatted(setting.name(), setting.text(), String.join(", ", type.words())));
    }
  }

  private void number(Setting setting, Option option, Option.Type.Number type) {
    OptionalLong number = Numbers.parse(setting.text(), type.unit());
    boolean outside =
        number.isEmpty()
            || (type.check() == RangeCheck.AT_START
                && option != Option.AL_EXTENTS
                && (number.getAsLong() < type.min() || number.getAsLong() > type.max()));
    if (outside) {
      complain(
          setting.at(),
          "%s: '%s' is no number from %d to %d"
              .formatted(setting.name(), setting.text(), type.min(), type.max()));
    }
  }

  private void net(ResourceDefinition definition) {
    OptionValues net = definition.options(Section.NET).values(Section.NET);
    String protocol = net.word(Option.PROTOCOL);
    Position at = definition.at();
    if (net.flag(Option.ALLOW_TWO_PRIMARIES) && !protocol.equals("C")) {
      complain(at, "allow-two-primaries needs protocol C, not " + protocol);
    }
    if (!net.word(Option.ON_CONGESTION).equals("block") && !protocol.equals("A")) {
      complain(at, "on-congestion other than block needs protocol A, not " + protocol);
    }
    if (net.word(Option.CRAM_HMAC_ALG).isEmpty() != net.word(Option.SHARED_SECRET).isEmpty()
        && !net.word(Option.CRAM_HMAC_ALG).isEmpty()) {
      complain(at, "cram-hmac-alg needs a shared-secret");
    }
  }

  private void volume(ResourceDefinition definition, VolumeDefinition volume) {
    Position at = definition.at();
    if (volume.number() > VolumeNumber.LARGEST) {
      complain(at, "volume number %d is not in 0..65535".formatted(volume.number()));
    }
    if (volume.minor().orElse(-1) < 0 || volume.minor().orElse(-1) > MINOR_MAX) {
      complain(at, "minor %d is not in 0..%d".formatted(volume.minor().orElse(-1), MINOR_MAX));
    }
    String fencing = volume.diskOptions().values(Section.DISK).word(Option.FENCING);
    String protocol = definition.options(Section.NET).values(Section.NET).word(Option.PROTOCOL);
    if (fencing.equals("resource-and-stonith") && protocol.equals("A")) {
      complain(at, "fencing resource-and-stonith needs protocol B or C, not A");
    }
  }

  /// Two volumes of this node on one disk destroy each other, and drbdadm does not look.
  private void sharedDisks(NodeResource resource, NodeConfiguration all) {
    Map<String, String> users = new HashMap<>();
    for (NodeResource other : all.resources()) {
      if (other.isIgnored()) {
        continue;
      }
      for (VolumeDefinition volume : other.local().volumes()) {
        String user = other.name() + "/" + volume.number();
        String disk = volume.disk().orElse("");
        String first = users.putIfAbsent(disk, user);
        boolean ours = other.name().equals(resource.name());
        boolean theirs = first != null && first.startsWith(resource.name() + "/");
        if (first != null && (ours || theirs)) {
          complain(
              resource.definition().at(),
              "disk %s is used by %s and by %s".formatted(disk, first, user));
        }
      }
    }
    for (VolumeDefinition volume : resource.local().volumes()) {
      MetaDisk meta = volume.metaDisk().orElse(MetaDisk.INTERNAL);
      String user = meta.isInternal() ? null : users.get(meta.device());
      if (user != null) {
        complain(
            resource.definition().at(),
            "meta-disk %s is the data disk of %s".formatted(meta.device(), user));
      }
    }
  }
}
