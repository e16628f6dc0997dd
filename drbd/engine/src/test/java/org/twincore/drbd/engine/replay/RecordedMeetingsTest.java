package org.twincore.drbd.engine.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.engine.state.SplitBrainPolicy;
import org.twincore.drbd.engine.state.SyncHandshake;
import org.twincore.drbd.engine.state.UuidCompare;
import org.twincore.testkit.PcapFile;

/// In each recorded scenario beside a kernel node, at each handshake: our rules decide in the
/// kernel's place as the kernel did, and in our own as we did.
class RecordedMeetingsTest {
  /// These are refused for what stands before the UUIDs.
  private static final String REFUSED_BEFORE = "KernelSettingsTest-";

  /// `always-asbp` is set in some of these, `rr-conflict violently` in those.
  private static final String ALWAYS =
      "KernelSplitBrainTest-whatIsAmbiguousIsSettledWhereItIsAlways-\\d-yes.*";

  private static final String VIOLENTLY =
      "KernelSplitBrainTest-theLosingPrimaryIsOverwrittenWhereItIsTold.*";

  static Stream<PcapFile> captures() throws IOException {
    return PcapFile.besideAKernel().stream()
        .filter(it -> !it.toString().startsWith(REFUSED_BEFORE));
  }

  private static SyncHandshake.Decision decision(PcapFile capture, RecordedMeeting meeting) {
    boolean isViolent = capture.toString().matches(VIOLENTLY);
    return meeting.decision(
        isViolent ? SplitBrainPolicy.VIOLENTLY : SplitBrainPolicy.DISCONNECT,
        capture.toString().matches(ALWAYS));
  }

  /// Nothing if the connection is refused.
  private static Optional<ConnectionState> goesOn(SyncHandshake.Decision decision) {
    return switch (decision) {
      case SyncHandshake.Refuse _ -> Optional.empty();
      case SyncHandshake.StayConnected _ -> Optional.of(ConnectionState.CONNECTED);
      case SyncHandshake.BecomeSource _ -> Optional.of(ConnectionState.WF_BITMAP_S);
      case SyncHandshake.BecomeTarget _ -> Optional.of(ConnectionState.WF_BITMAP_T);
    };
  }

  @ParameterizedTest
  @MethodSource("captures")
  void areDecidedAsTheyWere(PcapFile capture) throws Exception {
    for (RecordedMeeting meeting : RecordedMeeting.of(capture)) {
      SyncHandshake.Decision decision = decision(capture, meeting);
      Optional<ConnectionState> told = meeting.told();
      String what = meeting + ": " + decision.trace().text();
      if (told.isPresent()) {
        assertThat(goesOn(decision)).as(what).isEqualTo(told);
      } else if (goesOn(decision).isPresent()) {
        // The peer went on, or was the one that refused.
        RecordedMeeting theirs = meeting.seenFromPeer();
        assertThat(theirs.told().isPresent() || goesOn(decision(capture, theirs)).isEmpty())
            .as(what + ", and neither node went on")
            .isTrue();
      }
    }
  }

  /// Of the rules that two nodes with protocol 101 and no lost packet come to.
  @Test
  void manyRulesAreAmongThem() throws Exception {
    Set<UuidCompare.Rule> rules = EnumSet.noneOf(UuidCompare.Rule.class);
    int told = 0;
    for (PcapFile capture : captures().toList()) {
      List<RecordedMeeting> meetings = RecordedMeeting.of(capture);
      told += (int) meetings.stream().filter(it -> it.told().isPresent()).count();
      meetings.forEach(it -> rules.add(decision(capture, it).trace().comparison().rule()));
    }
    assertThat(told).isGreaterThan(400);
    assertThat(rules)
        .contains(
            UuidCompare.Rule.RULE_10,
            UuidCompare.Rule.RULE_20,
            UuidCompare.Rule.RULE_30,
            UuidCompare.Rule.RULE_40_I_CRASHED,
            UuidCompare.Rule.RULE_40_PEER_CRASHED,
            UuidCompare.Rule.RULE_40_NO_CRASH,
            UuidCompare.Rule.RULE_50,
            UuidCompare.Rule.RULE_70,
            UuidCompare.Rule.RULE_90,
            UuidCompare.Rule.RULE_100);
  }
}
