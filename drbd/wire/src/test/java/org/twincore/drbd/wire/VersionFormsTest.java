package org.twincore.drbd.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.twincore.testkit.HexVector;

/// Every vector, at every version: it may come exactly where its head says that it belongs.
class VersionFormsTest {
  private static final Set<PacketType> HARMLESS =
      EnumSet.of(PacketType.OUT_OF_SYNC, PacketType.DELAY_PROBE);

  static IntStream versions() {
    return IntStream.rangeClosed(Features.PROTOCOL_MIN, Features.PROTOCOL_MAX);
  }

  private static boolean mayCome(Packet packet, int version, int features) {
    return VersionForms.refusal(packet, new Features.Agreement(version, features)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void noTypeComesBeforeItsVersion(PacketType type) throws Exception {
    for (HexVector vector : PacketVectorTest.vectorsOf(type)) {
      Packet packet = Frames.one(vector.bytes()).packet();
      versions()
          .filter(version -> version < type.versionMin() && !HARMLESS.contains(type))
          .forEach(version -> assertThat(mayCome(packet, version, 0)).isFalse());
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"PROTOCOL", "SYNC_PARAM", "SYNC_PARAM89", "SIZES"})
  void othersHaveOneFormFromTheirVersionOn(PacketType type) throws Exception {
    for (HexVector vector : PacketVectorTest.vectorsOf(type)) {
      Packet packet = Frames.one(vector.bytes()).packet();
      versions()
          .filter(version -> version >= type.versionMin())
          .forEach(version -> assertThat(mayCome(packet, version, 0)).isTrue());
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void theIntegrityAlgorithmIsNamedFrom87On(int version) throws Exception {
    for (HexVector vector : PacketVectorTest.vectorsOf(PacketType.PROTOCOL)) {
      boolean isNamed = !vector.about("packet").contains("Optional.empty");
      assertThat(mayCome(Frames.one(vector.bytes()).packet(), version, 0))
          .isEqualTo(isNamed == (version >= 87));
    }
  }

  @ParameterizedTest
  @MethodSource("versions")
  void oneFormOfTheResyncParametersFitsEachVersion(int version) {
    int fitting = 0;
    for (Packet each :
        new Packet[] {
          new Packet.SyncParam(250, Optional.empty()),
          new Packet.SyncParam(250, Optional.of("")),
          new Packet.SyncParam89(250, "", "", false, 0, 0, 0, 0),
          new Packet.SyncParam89(250, "", "", true, 20, 10, 100, 102_400)
        }) {
      fitting += mayCome(each, version, 0) ? 1 : 0;
    }
    assertThat(fitting).isEqualTo(1);
    assertThat(mayCome(new Packet.SyncParam(1, Optional.empty()), version, 0))
        .isEqualTo(version <= 87);
    assertThat(mayCome(new Packet.SyncParam(1, Optional.of("md5")), version, 0))
        .isEqualTo(version == 88);
    assertThat(mayCome(new Packet.SyncParam89(1, "", "", false, 0, 0, 0, 0), version, 0))
        .isEqualTo(version >= 89 && version <= 94);
  }

  @ParameterizedTest
  @MethodSource("versions")
  void sizesHaveTheirTailExactlyWithTheFeature(int version) {
    Packet without = new Packet.Sizes(8, 0, 8, 4096, 0, 0, Optional.empty());
    Packet with =
        new Packet.Sizes(
            8,
            0,
            8,
            4096,
            0,
            0,
            Optional.of(new Packet.QueueLimits(512, 512, 0, 0, 0, 0, 0, 0, 0)));
    assertThat(mayCome(without, version, 0)).isTrue();
    assertThat(mayCome(with, version, 0)).isFalse();
    assertThat(mayCome(with, version, Features.WSAME)).isTrue();
    assertThat(mayCome(without, version, Features.WSAME)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("versions")
  void theHeaderFollowsFromVersionAndLength(int version) {
    Features.Agreement agreed = new Features.Agreement(version, 0);
    assertThat(agreed.framing(32_768)).isEqualTo(version >= 100 ? Framing.H100 : Framing.H80);
    assertThat(agreed.framing(32_769))
        .isEqualTo(version >= 100 ? Framing.H100 : version >= 95 ? Framing.H95 : Framing.H80);
  }

  @Test
  void onlyProtocol100ForgotTheStopOfAVerify() {
    assertThat(versions().filter(Since.VERIFY_STOP::holdsAt).toArray())
        .containsExactly(97, 98, 99, 101);
  }
}
