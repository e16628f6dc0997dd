package org.twincore.drbd.engine.state;

import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.wire.StateWord;

/// State words as tests write them: `Primary/Unknown WFConnection UpToDate/DUnknown`, then any of
/// `susp aftr_isp peer_isp user_isp susp_nod susp_fen`.
final class States {
  private States() {}

  static StateWord parse(String text) {
    List<String> words = List.of(text.strip().split(" +"));
    String[] roles = words.get(0).split("/");
    String[] disks = words.get(2).split("/");
    return new StateWord(
        named(Role.values(), roles[0]),
        named(Role.values(), roles[1]),
        named(ConnectionState.values(), words.get(1)),
        named(DiskState.values(), disks[0]),
        named(DiskState.values(), disks[1]),
        words.contains("susp"),
        words.contains("aftr_isp"),
        words.contains("peer_isp"),
        words.contains("user_isp"),
        words.contains("susp_nod"),
        words.contains("susp_fen"));
  }

  static String print(StateWord state) {
    StringBuilder text = new StringBuilder();
    text.append(state.role()).append('/').append(state.peer()).append(' ').append(state.conn());
    text.append(' ').append(state.disk()).append('/').append(state.pdsk());
    flag(text, state.susp(), "susp");
    flag(text, state.aftrIsp(), "aftr_isp");
    flag(text, state.peerIsp(), "peer_isp");
    flag(text, state.userIsp(), "user_isp");
    flag(text, state.suspNod(), "susp_nod");
    flag(text, state.suspFen(), "susp_fen");
    return text.toString();
  }

  private static void flag(StringBuilder text, boolean set, String name) {
    if (set) {
      text.append(' ').append(name);
    }
  }

  private static <T> T named(T[] values, String name) {
    for (T value : values) {
      if (value.toString().equals(name)) {
        return value;
      }
    }
    throw new IllegalArgumentException("no state is called " + name);
  }
}
