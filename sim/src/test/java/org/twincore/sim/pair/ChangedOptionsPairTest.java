package org.twincore.sim.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.ResourceStatus.Progress;
import org.twincore.drbd.meta.MetadataException;

/// Each option of the net, the disk and the resource section is changed while two nodes are
/// connected and write: it holds at once, at both nodes if it is about both, and the connection
/// stays; what cannot be is refused with the kernel's number and changes nothing.
///
/// Promise kept (docs/durability.md): a change of options loses no acknowledged write.
@Tag("slow")
class ChangedOptionsPairTest {
  /// What P_PROTOCOL_UPDATE and P_SYNC_PARAM89 tell the peer.
  private static final Set<Option> TOLD =
      EnumSet.of(
          Option.PROTOCOL,
          Option.AFTER_SB_0PRI,
          Option.AFTER_SB_1PRI,
          Option.AFTER_SB_2PRI,
          Option.ALLOW_TWO_PRIMARIES,
          Option.DATA_INTEGRITY_ALG,
          Option.VERIFY_ALG,
          Option.CSUMS_ALG);

  static Stream<Option> ofNet() {
    return of(Option.Section.NET);
  }

  static Stream<Option> ofDisk() {
    return of(Option.Section.DISK).filter(option -> option != Option.SIZE);
  }

  static Stream<Option> ofResource() {
    return of(Option.Section.OPTIONS);
  }

  private static Stream<Option> of(Option.Section section) {
    return Arrays.stream(Option.values()).filter(option -> option.section() == section);
  }

  /// Another value than the present one that the rules allow.
  private static OptionValues changed(OptionValues now, Option option) {
    return switch (option.type()) {
      case Option.Type.Flag _ -> now.with(option, !now.flag(option));
      case Option.Type.Number type ->
          now.with(option, now.num(option) < type.max() ? now.num(option) + 1 : type.min());
      case Option.Type.Word(String _, List<String> words) ->
          now.with(
              option,
              words.stream().filter(it -> !it.equals(now.word(option))).findFirst().orElseThrow());
      case Option.Type.Text _ -> now.with(option, text(option));
    };
  }

  private static String text(Option option) {
    return switch (option) {
      case DATA_INTEGRITY_ALG, VERIFY_ALG, CSUMS_ALG -> "crc32c";
      case CRAM_HMAC_ALG -> "sha1";
      case RESYNC_AFTER -> "-1";
      default -> "other";
    };
  }

  private static OptionValues net(Pair pair, int id) {
    return pair.nodes[id].resource().orElseThrow().net();
  }

  private static Object value(OptionValues values, Option option) {
    return switch (option.type()) {
      case Option.Type.Flag _ -> values.flag(option);
      case Option.Type.Number _ -> values.num(option);
      case Option.Type.Word _, Option.Type.Text _ -> values.word(option);
    };
  }

  private static void writesStillArrive(Pair pair) throws MetadataException {
    for (int block = 0; block < 20; block++) {
      pair.write(0, block, 100 + block);
    }
    pair.flush(0);
    pair.awaitQuiet();
    pair.assertEqualDisks();
    assertThat(pair.onDisk(1, 19)).isEqualTo(119);
  }

  @ParameterizedTest
  @MethodSource("ofNet")
  void eachNetOptionHoldsAtOnce(Option option) throws MetadataException {
    boolean needsA = option == Option.ON_CONGESTION;
    Pair pair = new Pair.Setup().protocol(needsA ? "A" : "C").primary();
    OptionValues wanted = changed(pair.net(), option);
    Load load = new Load(pair, 0, 0, option.ordinal(), 8);
    pair.ok(0, new AdminCommand.NetOptions(wanted));
    // The kernel expects no digest on P_ZEROES, so a digest begins with a new connection.
    if (option != Option.DATA_INTEGRITY_ALG) {
      assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    }
    pair.awaitUpToDate();
    load.stop();
    assertThat(load.failed()).isZero();
    assertThat(value(net(pair, 0), option)).isEqualTo(value(wanted, option));
    Object atPeer = value(net(pair, 1), option);
    if (TOLD.contains(option)) {
      assertThat(atPeer).isEqualTo(value(wanted, option));
    } else {
      assertThat(atPeer).isEqualTo(value(pair.net(), option));
    }
    writesStillArrive(pair);
  }

  @ParameterizedTest
  @MethodSource("ofDisk")
  void eachDiskOptionHoldsAtOnce(Option option) throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    Load load = new Load(pair, 0, 0, option.ordinal(), 8);
    OptionValues wanted = changed(pair.diskOptions(), option);
    pair.ok(0, new AdminCommand.DiskOptions(0, wanted));
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    pair.run(2_000);
    load.stop();
    assertThat(load.failed()).isZero();
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    OptionValues here = pair.nodes[0].resource().orElseThrow().disk(0).orElseThrow();
    assertThat(value(here, option)).isEqualTo(value(wanted, option));
    assertThat(pair.nodes[1].resource().orElseThrow().disk(0))
        .as("no disk option is the peer's")
        .contains(pair.diskOptions());
    writesStillArrive(pair);
  }

  @ParameterizedTest
  @MethodSource("ofResource")
  void eachResourceOptionHoldsAtOnce(Option option) throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    Load load = new Load(pair, 0, 0, option.ordinal(), 8);
    OptionValues wanted = changed(OptionValues.DEFAULTS, option);
    pair.ok(0, new AdminCommand.ResourceOptions(wanted));
    pair.run(500);
    load.stop();
    assertThat(load.failed()).isZero();
    assertThat(pair.state(0).conn()).isEqualTo(ConnectionState.CONNECTED);
    assertThat(value(pair.nodes[0].resource().orElseThrow().options(), option))
        .isEqualTo(value(wanted, option));
    writesStillArrive(pair);
  }

  /// What a change is for: a write that finds no data fails or waits as the option says by then.
  @ParameterizedTest
  @ValueSource(strings = {"io-error", "suspend-io"})
  void whatIsDoneWithoutDataFollowsTheOption(String word) throws MetadataException {
    Pair.Setup setup = new Pair.Setup();
    String before = word.equals("io-error") ? "suspend-io" : "io-error";
    setup.resource = setup.resource.with(Option.ON_NO_DATA_ACCESSIBLE, before);
    Pair pair = setup.primary();
    pair.ok(
        0,
        new AdminCommand.ResourceOptions(setup.resource.with(Option.ON_NO_DATA_ACCESSIBLE, word)));
    pair.ok(0, new AdminCommand.Detach(0, false));
    pair.kill(1);
    pair.await(() -> pair.state(0).conn().isBelow(ConnectionState.CONNECTED), "the loss");
    long write = pair.startWrite(0, 3, 3, false);
    pair.run(1_000);
    assertThat(pair.state(0).suspNod()).isEqualTo(word.equals("suspend-io"));
    if (word.equals("suspend-io")) {
      assertThat(pair.answer(write)).isNull();
      pair.start(1);
      pair.done(write);
    } else {
      assertThat(pair.answer(write)).isInstanceOf(Effect.AppFailed.class);
    }
  }

  /// Disk options that act on what comes next: the own disk is no longer asked, or its error ends
  /// it no longer.
  @Test
  void changedDiskOptionsAct() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.write(0, 3, 3);
    pair.awaitQuiet();
    long here = pair.volume(0).counters().diskReadSectors();
    OptionValues disk = pair.diskOptions().with(Option.READ_BALANCING, "prefer-remote");
    pair.ok(0, new AdminCommand.DiskOptions(0, disk.with(Option.ON_IO_ERROR, "pass_on")));
    assertThat(pair.read(0, 3)).isEqualTo(3);
    assertThat(pair.volume(0).counters().diskReadSectors()).isEqualTo(here);
    pair.withheld.fail(pair.nodes[0], Withheld::isWrite);
    pair.write(0, 3, 4);
    assertThat(pair.state(0).disk()).isEqualTo(DiskState.INCONSISTENT);
  }

  /// What the peer's admin has changed is what the own admin's next change is laid over.
  @Test
  void aChangeOfThePeerIsSeenHere() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.ok(0, new AdminCommand.NetOptions(pair.net().with(Option.AFTER_SB_0PRI, "discard-local")));
    pair.run(500);
    assertThat(net(pair, 1).word(Option.AFTER_SB_0PRI)).isEqualTo("discard-remote");
    pair.ok(1, new AdminCommand.NetOptions(net(pair, 1).with(Option.TIMEOUT, 55)));
    pair.run(500);
    assertThat(net(pair, 0).word(Option.AFTER_SB_0PRI)).isEqualTo("discard-local");
    assertThat(net(pair, 0).num(Option.TIMEOUT)).isEqualTo(60);
  }

  private static void refused(Pair pair, OptionValues wanted, int number) {
    OptionValues before = net(pair, 0);
    assertThat(pair.admin(0, new AdminCommand.NetOptions(wanted)))
        .isInstanceOfSatisfying(
            AdminResult.Config.class, result -> assertThat(result.number()).isEqualTo(number));
    assertThat(net(pair, 0)).isEqualTo(before);
  }

  @Test
  void whatCannotBeIsRefused() throws MetadataException {
    Pair pair = new Pair.Setup().disk(Option.FENCING, "resource-and-stonith").primary();
    OptionValues net = pair.net();
    refused(pair, net.with(Option.PROTOCOL, "A"), 154);
    refused(pair, net.with(Option.ON_CONGESTION, "pull-ahead"), 155);
    refused(pair, net.with(Option.PROTOCOL, "B").with(Option.ALLOW_TWO_PRIMARIES, true), 139);
    Pair both = new Pair.Setup().twoPrimaries().bothPrimary();
    refused(both, both.net().with(Option.ALLOW_TWO_PRIMARIES, false), 164);
  }

  /// The kernel keeps the digest of what is under way; afterwards it may change. The figures of a
  /// resync by digests say how much was equal, at both nodes.
  @Test
  void aDigestAtWorkStays() throws MetadataException {
    Pair pair =
        new Pair.Setup()
            .resyncKibPerSecond(400)
            .net(Option.CSUMS_ALG, "md5")
            .net(Option.VERIFY_ALG, "md5")
            .primary();
    pair.ok(1, new AdminCommand.Invalidate(0));
    pair.awaitConn(0, ConnectionState.SYNC_SOURCE);
    pair.run(3_000);
    refused(pair, pair.net().with(Option.CSUMS_ALG, "sha1"), 148);
    for (int id = 0; id < 2; id++) {
      Progress progress = pair.volume(id).progress().orElseThrow();
      assertThat(progress.course().equalBlocks()).as("node " + id).isPositive();
    }
    pair.ok(0, new AdminCommand.NetOptions(pair.net().with(Option.VERIFY_ALG, "sha1")));
    pair.awaitUpToDate();
    pair.ok(0, new AdminCommand.NetOptions(net(pair, 0).with(Option.CSUMS_ALG, "sha1")));
    assertThat(net(pair, 0).word(Option.CSUMS_ALG)).isEqualTo("sha1");
  }

  @Test
  void aVerifySaysWhatItComparesAtBothNodes() throws MetadataException {
    Pair pair = new Pair.Setup().resyncKibPerSecond(400).net(Option.VERIFY_ALG, "md5").primary();
    pair.ok(0, new AdminCommand.Verify(0, OptionalLong.of(800), OptionalLong.of(8_000)));
    pair.run(3_000);
    refused(pair, pair.net().with(Option.VERIFY_ALG, "sha1"), 149);
    Progress asks = pair.volume(0).progress().orElseThrow();
    Progress answers = pair.volume(1).progress().orElseThrow();
    assertThat(asks.course().firstSector()).isEqualTo(800);
    assertThat(asks.course().stopSector()).isEqualTo(8_000);
    assertThat(asks.positionSectors()).isBetween(801L, 8_000L);
    assertThat(answers.course().firstSector()).isEqualTo(800);
    assertThat(answers.positionSectors()).isBetween(801L, 8_000L);
  }

  /// Writes that the peer has not confirmed yet are counted, and no longer when it has.
  @Test
  void whatIsInFlightIsCounted() throws MetadataException {
    Pair pair = new Pair.Setup().primary();
    pair.startWrite(0, 3, 7, false);
    pair.startWrite(0, 4, 7, false);
    pair.await(
        () -> pair.volume(0).load().inFlight().applicationSectors() == 16, "both are on their way");
    pair.run(1_000);
    pair.flush(0);
    pair.awaitQuiet();
    assertThat(pair.volume(0).load().inFlight().applicationSectors()).isZero();
    assertThat(pair.volume(0).load().inFlight().resyncSectors()).isZero();
  }
}
