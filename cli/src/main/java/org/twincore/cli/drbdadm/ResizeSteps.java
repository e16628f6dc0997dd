package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.admin.AdminRequest;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.VolumeDefinition;

/// The steps of `resize`, and of `check-resize` for a disk that is in use or not.
final class ResizeSteps {
  private static final int WRONG = 20;

  private final Invocation invocation;

  ResizeSteps(Invocation invocation) {
    this.invocation = invocation;
  }

  List<Step> of(VolumeDefinition volume, int minor) throws UsageException {
    List<String> options =
        new ArrayList<>(
            CommandLine.options(volume.diskOptions()).stream()
                .filter(option -> option.startsWith("--size="))
                .toList());
    options.addAll(invocation.handedOn());
    String number = Integer.toString(minor);
    List<String> line = CommandLine.setup(List.of("resize", number), options);
    List<String> check = CommandLine.setup(List.of("check-resize", number), List.of());
    Step.Ask ask = new Step.Ask(line, request(minor, options));
    if (invocation.command() == Command.RESIZE) {
      return List.of(ask, new Step.Implied(check));
    }
    Step.Metadata offline =
        new Step.Metadata(CommandLine.metadata(volume, "check-resize", List.of()));
    return List.of(new Step.CheckResize(ask, check, offline));
  }

  private AdminRequest.Resize request(int minor, List<String> options) throws UsageException {
    return new AdminRequest.Resize(
        minor,
        last(options, "size", Option.Unit.SECTORS),
        invocation.has("assume-clean"),
        invocation.has("assume-peer-has-space"),
        (int) last(options, "al-stripes", Option.Unit.ONE),
        (int) last(options, "al-stripe-size-kB", Option.Unit.ONE));
  }

  private static long last(List<String> options, String name, Option.Unit unit)
      throws UsageException {
    String start = "--" + name + "=";
    Optional<String> text =
        options.reversed().stream().filter(option -> option.startsWith(start)).findFirst();
    if (text.isEmpty()) {
      return 0;
    }
    String value = text.get().substring(start.length());
    OptionalLong number = unit.parse(value);
    if (number.isEmpty() || number.getAsLong() < 0 || number.getAsLong() > 1L << 51) {
      throw UsageException.of("--" + name + ": invalid value '" + value + "'", WRONG);
    }
    return number.getAsLong();
  }
}
