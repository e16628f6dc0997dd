package org.twincore.drbd.engine;

import static org.twincore.drbd.ConnectionState.WF_REPORT_PARAMS;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.exchange.Waiting;
import org.twincore.drbd.engine.exchange.Waiting.Topic;

/// What a resource waits for, and what would end it, out of the records that the engine keeps
/// ([LinkRecord], [ChangeRecord]) and its own rules.
///
/// An empty list means that nothing is amiss: connected, both disks UpToDate, nothing held up.
final class Why {
  private final Parts parts;
  private final PeerLink link;
  private final List<Waiting> found = new ArrayList<>();

  private Why(Parts parts, PeerLink link) {
    this.parts = parts;
    this.link = link;
  }

  /// The connection first, then volume by volume.
  static List<Waiting> of(Parts parts, States states, PeerLink link) {
    Why why = new Why(parts, link);
    why.connection();
    why.handler();
    for (Volume volume : parts.all()) {
      new WhyVolume(volume, states, why.found).look();
    }
    return List.copyOf(why.found);
  }

  private void connection() {
    LinkRecord record = parts.linkRecord;
    switch (link.conn()) {
      case STAND_ALONE -> standAlone(record);
      case DISCONNECTING ->
          connection(
              "Disconnecting", "until all that the peer asked for is done", record.seekingNanos());
      case UNCONNECTED, TIMEOUT, BROKEN_PIPE, NETWORK_FAILURE, PROTOCOL_ERROR, TEAR_DOWN ->
          connection(
              link.conn().toString(),
              "what the peer had asked for is done, and a moment later it is looked for again",
              record.seekingNanos());
      case WF_CONNECTION -> seeking(record);
      case WF_REPORT_PARAMS ->
          connection(
              WF_REPORT_PARAMS.toString(),
              "the peer has sent its parameters, sizes, generations and states",
              record.seekingNanos());
      default -> {}
    }
  }

  private void connection(String state, String until, long sinceNanos) {
    add(state, parts.linkRecord.end().map(LinkRecord.Note::text).orElse(""), until, sinceNanos);
  }

  private void add(String state, String because, String until, long sinceNanos) {
    found.add(new Waiting(Waiting.RESOURCE, Topic.CONNECTION, state, because, until, sinceNanos));
  }

  private void standAlone(LinkRecord record) {
    Optional<LinkRecord.Note> end = record.end();
    String until =
        record
            .refusal()
            .map(step ->
                switch (step) {
                  case SPLIT_BRAIN_UNRESOLVED ->
                      "connect --discard-my-data on the node whose changes may go, connect on the"
                          + " other";
                  case UNRELATED_DATA ->
                      "one side's data is declared worthless (invalidate, or create-md), then"
                          + " connect";
                  case SOURCE_IS_INCONSISTENT ->
                      "an UpToDate disk on one side (primary --force if this one is good), then"
                          + " connect";
                  case TARGET_IS_PRIMARY ->
                      "secondary on the node with the older data, then connect";
                  case NEEDS_NEWER_PEER -> "a newer DRBD on the peer, then connect";
                  case DRY_RUN -> "connect without --tentative";
                  default -> "connect";
                })
            .orElse("connect");
    add(
        ConnectionState.STAND_ALONE.toString(),
        end.map(LinkRecord.Note::text).orElse("nobody said connect yet"),
        until,
        end.map(LinkRecord.Note::nanos).orElse(0L));
  }

  private void seeking(LinkRecord record) {
    List<String> because = new ArrayList<>();
    record.end().ifPresent(note -> because.add("the last connection ended with " + note.text()));
    record.dial().ifPresent(note -> because.add("the last dial failed: " + note.text()));
    add(
        ConnectionState.WF_CONNECTION.toString(),
        because.isEmpty() ? "neither side has reached the other yet" : String.join("; ", because),
        "both sides reach each other at the address lines of the resource, or disconnect",
        record.seekingNanos());
  }

  private void handler() {
    parts
        .linkRecord
        .fencing()
        .ifPresent(note ->
            found.add(
                new Waiting(
                    Waiting.RESOURCE,
                    Topic.HANDLER,
                    note.text(),
                    "the peer was lost, or a promotion needs it fenced",
                    "the program ends",
                    note.nanos())));
  }
}
