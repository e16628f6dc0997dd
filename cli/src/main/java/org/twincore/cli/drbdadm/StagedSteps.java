package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.twincore.drbd.config.NodeResource;
import org.twincore.drbd.config.VolumeDefinition;

/// Steps of several resources, to be carried out stage by stage: all resources and volumes are made
/// before the first disk is attached, all disks attached before the first connection.
final class StagedSteps {
  /// A step, its stage and whose it is; after a failure the rest of that resource is left out.
  record Owned(Stage stage, NodeResource resource, Step step) {}

  private final Map<Stage, List<Owned>> stages = new EnumMap<>(Stage.class);

  void add(Stage stage, NodeResource resource, Step step) {
    stages.computeIfAbsent(stage, _ -> new ArrayList<>()).add(new Owned(stage, resource, step));
  }

  /// What `up` does.
  void addUp(Target target, UpSteps up) throws UsageException {
    NodeResource resource = target.resource();
    add(Stage.RESOURCE, resource, up.newResource());
    for (VolumeDefinition volume : target.volumes()) {
      add(Stage.RESOURCE, resource, up.newMinor(volume));
      for (Step step : up.attach(volume)) {
        add(Stage.DISK, resource, step);
      }
    }
    add(Stage.CONNECTION, resource, up.connect(false, false));
  }

  /// All steps in their order.
  List<Owned> ordered() {
    return stages.values().stream().flatMap(List::stream).toList();
  }
}
