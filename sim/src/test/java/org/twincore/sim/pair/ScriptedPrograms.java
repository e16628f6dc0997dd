package org.twincore.sim.pair;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.twincore.sim.world.SimNode;

/// Handler programs of one node that do what a test says, and note each end in a common list as
/// `core-01 fence-peer`.
final class ScriptedPrograms implements SimNode.Programs {
  private final SimNode node;
  private final List<String> ended;
  private final Map<String, Program> programs = new TreeMap<>();

  private record Program(int exitCode, long takesNanos) {}

  ScriptedPrograms(SimNode node, List<String> ended) {
    this.node = node;
    this.ended = ended;
    node.programs(this);
  }

  /// From now on that handler takes so long and ends so; others end at once with 0.
  ScriptedPrograms set(String handler, int exitCode, long takesNanos) {
    programs.put(handler, new Program(exitCode, takesNanos));
    return this;
  }

  private Program program(String handler) {
    return programs.getOrDefault(handler, new Program(0, 0));
  }

  @Override
  public long takesNanos(String handler) {
    return program(handler).takesNanos;
  }

  @Override
  public int exitCode(String handler) {
    ended.add(node.name() + " " + handler);
    return program(handler).exitCode;
  }
}
