package org.twincore.drbd.engine.state;

import java.util.ArrayList;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.GenerationUuids;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.StateWord;

/// Whole small spaces for tests that can afford to try everything.
final class Exhaustive {
  private Exhaustive() {}

  /// All sets whose four members come from `values`.
  static List<GenerationUuids> uuids(long... values) {
    List<GenerationUuids> all = new ArrayList<>();
    for (long current : values) {
      for (long bitmap : values) {
        for (long history0 : values) {
          for (long history1 : values) {
            all.add(new GenerationUuids(current, bitmap, history0, history1));
          }
        }
      }
    }
    return all;
  }

  /// All states of roles, connection and disks, with no pause and no suspension.
  static List<StateWord> states() {
    List<StateWord> all = new ArrayList<>();
    for (Role role : List.of(Role.PRIMARY, Role.SECONDARY)) {
      for (Role peer : Role.values()) {
        for (ConnectionState conn : ConnectionState.values()) {
          for (DiskState disk : DiskState.values()) {
            for (DiskState pdsk : DiskState.values()) {
              all.add(
                  StateWord.INITIAL
                      .withRole(role)
                      .withPeer(peer)
                      .withConn(conn)
                      .withDisk(disk)
                      .withPdsk(pdsk));
            }
          }
        }
      }
    }
    return all;
  }
}
