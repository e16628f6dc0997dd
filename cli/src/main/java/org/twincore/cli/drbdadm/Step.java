package org.twincore.cli.drbdadm;

import java.util.List;
import java.util.Optional;
import org.twincore.admin.AdminRequest;

/// One thing to be done for a resource. Its lines are the commands that DRBD's own drbdadm runs for
/// it, which a dry run prints; what is done here is the rest of the record.
sealed interface Step {
  /// The command lines, each as its words.
  List<List<String>> lines();

  /// A request to the node; without a line it is not shown.
  record Ask(List<String> line, AdminRequest request) implements Step {
    @Override
    public List<List<String>> lines() {
      return line.isEmpty() ? List.of() : List.of(line);
    }
  }

  /// A request that a change on the peer may stand in the way of for a moment: both nodes become
  /// Primary at the same time. It is made again when it is refused (`sh_b_pri`).
  record Insist(Ask ask) implements Step {
    @Override
    public List<List<String>> lines() {
      return ask.lines();
    }
  }

  /// A run of drbdmeta on a disk that no node has attached; the line begins with `drbdmeta`.
  record Metadata(List<String> line) implements Step {
    @Override
    public List<List<String>> lines() {
      return List.of(line);
    }

    /// What drbdmeta is given.
    List<String> arguments() {
      return line.subList(1, line.size());
    }
  }

  /// A request; where the node does not have the minor's disk, drbdmeta instead.
  record AskOrMetadata(Ask ask, Metadata otherwise) implements Step {
    @Override
    public List<List<String>> lines() {
      return List.of(ask.line, otherwise.line);
    }
  }

  /// A resize if the node has the minor's disk, drbdmeta's look after its metadata if not. DRBD's
  /// own drbdadm shows two commands of drbdsetup.
  record CheckResize(Ask ask, List<String> check, Metadata otherwise) implements Step {
    @Override
    public List<List<String>> lines() {
      return List.of(ask.line, check);
    }
  }

  /// A question about one volume that the node's status answers, or else its metadata.
  record Query(List<String> line, Command command, int minor, Optional<Metadata> otherwise)
      implements Step {
    @Override
    public List<List<String>> lines() {
      return otherwise.map(metadata -> List.of(line, metadata.line)).orElseGet(() -> List.of(line));
    }
  }

  /// A program of the handlers section.
  record Handler(String command, List<String> environment) implements Step {
    @Override
    public List<List<String>> lines() {
      return List.of(List.of("/bin/sh", "-c", command));
    }
  }

  /// What the node does by itself with the step that follows.
  record Implied(List<String> line) implements Step {
    @Override
    public List<List<String>> lines() {
      return List.of(line);
    }
  }

  /// What cannot be done here.
  record Refused(List<String> line, String why) implements Step {
    @Override
    public List<List<String>> lines() {
      return List.of(line);
    }
  }
}
