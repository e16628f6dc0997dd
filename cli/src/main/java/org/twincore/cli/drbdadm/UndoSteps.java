package org.twincore.cli.drbdadm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.UndoVerb;

/// The step of `undo-split-brain`; what cannot be taken back needs `--force`.
final class UndoSteps {
  private static final int REFUSED = 20;

  private final Invocation invocation;

  UndoSteps(Invocation invocation) {
    this.invocation = invocation;
  }

  Step of(Target target) throws UsageException {
    String name = target.resource().name();
    int volume =
        target.isPart() ? target.volumes().getFirst().number() : AdminRequest.Why.ALL_VOLUMES;
    return new Step.Ask(
        CommandLine.setup(List.of(invocation.command().word(), name), invocation.handedOn()),
        new AdminRequest.Undo(
            name,
            volume,
            verb(name),
            invocation.value("image").map(it -> Path.of(it).toAbsolutePath().toString()).orElse(""),
            invocation.has("json") ? AdminRequest.Layout.JSON : AdminRequest.Layout.TEXT));
  }

  private UndoVerb verb(String name) throws UsageException {
    List<UndoVerb> asked = new ArrayList<>();
    for (UndoVerb verb : UndoVerb.values()) {
      boolean isSaid =
          switch (verb) {
            case LIST -> false;
            case IMAGE -> invocation.value("image").isPresent();
            case RESTORE -> invocation.has("restore");
            case STOP -> invocation.has("stop");
            case FORGET -> invocation.has("forget");
          };
      if (isSaid) {
        asked.add(verb);
      }
    }
    if (asked.size() > 1) {
      throw UsageException.of(
          "undo-split-brain: one of --image, --restore, --stop, --forget", REFUSED);
    }
    UndoVerb verb = asked.isEmpty() ? UndoVerb.LIST : asked.getFirst();
    String loses =
        switch (verb) {
          case LIST, IMAGE -> "";
          case RESTORE -> "overwrites " + name + " on both nodes with what was saved here";
          case STOP -> "lets the resync overwrite what cannot be saved";
          case FORGET -> "removes what was saved here";
        };
    if (!loses.isEmpty() && !ResourceSteps.isForced(invocation)) {
      throw UsageException.of(
          "undo-split-brain --%s %s; say it with --force"
              .formatted(verb.name().toLowerCase(Locale.ROOT), loses),
          REFUSED);
    }
    return verb;
  }
}
