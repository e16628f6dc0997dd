package org.twincore.drbd.engine;

import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.state.ClusterChange;
import org.twincore.drbd.wire.Packet;
import org.twincore.drbd.wire.PacketType;
import org.twincore.drbd.wire.Since;

/// Asks the peer before a change that needs its consent, one change at a time (drbd-wire section
/// 7.3).
final class ClusterChanges {
  private final Parts parts;
  private final ArrayDeque<Question> waiting = new ArrayDeque<>();
  private @Nullable Question asked;

  private record Question(
      int volume, PacketType type, ClusterChange.Change change, Consumer<StateResult> then) {
    PacketType replyType() {
      return type == PacketType.STATE_CHG_REQ
          ? PacketType.STATE_CHG_REPLY
          : PacketType.CONN_ST_CHG_REPLY;
    }
  }

  ClusterChanges(Parts parts) {
    this.parts = parts;
  }

  /// Asks for a change of one volume; `then` hears SUCCESS, NOTHING_TO_DO if it was so already, or
  /// why not.
  void ask(int volume, ClusterChange.Change change, Consumer<StateResult> then) {
    add(new Question(volume, PacketType.STATE_CHG_REQ, change, then));
  }

  /// Asks for a change of the connection.
  void askConnection(ClusterChange.Change change, Consumer<StateResult> then) {
    boolean ofItsOwn = parts.peering.has(Since.CONNECTION_CHANGES);
    PacketType type = ofItsOwn ? PacketType.CONN_ST_CHG_REQ : PacketType.STATE_CHG_REQ;
    add(new Question(0, type, change, then));
  }

  private void add(Question question) {
    if (!parts.turn.isLinked()) {
      question.then.accept(StateResult.NEED_CONNECTION);
      return;
    }
    waiting.add(question);
    askNext();
  }

  private void askNext() {
    if (asked != null || waiting.isEmpty()) {
      return;
    }
    Question question = waiting.remove();
    asked = question;
    parts.turn.send(
        question.volume,
        new Packet.StateChange(question.type, question.change.mask(), question.change.value()));
  }

  /// The peer's answer about `volume`; why it answers nothing, or null.
  @Nullable String answered(int volume, Packet.StateChangeReply reply) {
    Question question = asked;
    if (question == null) {
      return "nothing was asked";
    }
    if (reply.type() != question.replyType() || volume != question.volume) {
      return "volume %d; expected the answer to %s of volume %d"
          .formatted(volume, question.type.wireName(), question.volume);
    }
    asked = null;
    question.then.accept(result(reply.code()));
    askNext();
    return null;
  }

  private static StateResult result(int code) {
    if (code >= StateResult.SUCCESS.code()) {
      return code == StateResult.NOTHING_TO_DO.code()
          ? StateResult.NOTHING_TO_DO
          : StateResult.SUCCESS;
    }
    return StateResult.ofCode(code)
        .filter(it -> it == StateResult.IN_TRANSIENT_STATE || it == StateResult.CONCURRENT_CHANGE)
        .orElse(StateResult.REFUSED_BY_PEER);
  }

  /// Is an own question on its way?
  boolean isAsking() {
    return asked != null;
  }

  /// Is this question about a volume on its way?
  boolean isAsking(int volume, ClusterChange.Change change) {
    Question question = asked;
    return question != null && question.volume == volume && question.change.equals(change);
  }

  /// The connection is gone: nobody will answer.
  void connectionLost() {
    Question question = asked;
    asked = null;
    ArrayDeque<Question> left = new ArrayDeque<>(waiting);
    waiting.clear();
    if (question != null) {
      question.then.accept(StateResult.NEED_CONNECTION);
    }
    for (Question each : left) {
      each.then.accept(StateResult.NEED_CONNECTION);
    }
  }

  /// A volume that is connected well enough to be asked about.
  static boolean isConnected(Volume volume) {
    return volume.device.state().conn().isAtLeast(ConnectionState.CONNECTED);
  }
}
