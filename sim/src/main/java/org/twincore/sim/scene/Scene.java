package org.twincore.sim.scene;

import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.twincore.drbd.config.Option;
import org.twincore.testkit.Prng;

/// The moments, with what each is played with.
enum Scene {
  LOSER_DIES_AS_ITS_RESYNC_BEGINS((setting, _) -> setting, SplitScenes::loserDiesAsItsResyncBegins),
  SPLIT_DISK_IS_ATTACHED_LATE(
      (setting, random) -> {
        boolean isDual = random.aside().nextInt(3) == 0;
        String policy = random.nextBoolean() ? "call-pri-lost-after-sb" : "disconnect";
        return (isDual ? setting.twoPrimaries() : setting)
            .net(Option.AFTER_SB_0PRI, "discard-remote")
            .net(Option.AFTER_SB_1PRI, policy)
            .net(Option.AFTER_SB_2PRI, policy);
      },
      SplitScenes::splitDiskIsAttachedLate),
  SPLIT_ON_TOP_OF_A_GENERATION((setting, _) -> setting, SplitScenes::splitOnTopOfAGeneration),
  UNDO_IS_STOPPED((setting, _) -> setting, SplitScenes::undoIsStopped),
  SOURCE_CANNOT_READ(
      (setting, _) -> setting.disk(Option.ON_IO_ERROR, "pass_on").net(Option.VERIFY_ALG, "md5"),
      DiskScenes::sourceCannotRead),
  SOURCE_LOSES_ITS_DISK((setting, _) -> setting, DiskScenes::sourceLosesItsDisk),
  ATTACH_IS_CUT_SHORT((setting, _) -> setting, DiskScenes::attachIsCutShort),
  OLD_DISK_OF_A_PRIMARY((setting, _) -> setting, DiskScenes::oldDiskOfAPrimary),
  OLD_DISK_BESIDE_A_PRIMARY((setting, _) -> setting, DiskScenes::oldDiskBesideAPrimary),
  BOTH_ARE_INVALIDATED((setting, _) -> setting, DiskScenes::bothAreInvalidated),
  WRITES_FAIL_ON_A_RELEASED_DISK((setting, _) -> setting, DiskScenes::writesFailOnAReleasedDisk),
  DOWN_WHILE_A_RESYNC_WAITS(
      (setting, _) -> setting.volumes(2).resyncKibPerSecond(1_000),
      DiskScenes::downWhileAResyncWaits),
  VERIFY_AT_ANY_MOMENT(
      (setting, random) ->
          setting.net(Option.VERIFY_ALG, "crc32c").speaking(random.nextInt(86, 91)),
      DiskScenes::verifyAtAnyMoment),
  CONNECTION_ENDS_IN_MANY_WAYS((setting, _) -> setting, LinkScenes::connectionEndsInManyWays),
  STATE_BEHIND_A_FAREWELL((setting, _) -> setting, LinkScenes::stateBehindAFarewell),
  FROZEN_PRIMARY_MEETS_RESTARTED_PEER(
      (setting, random) ->
          setting
              .disk(Option.FENCING, "resource-and-stonith")
              .net(Option.PROTOCOL, random.nextBoolean() ? "B" : "C"),
      LinkScenes::frozenPrimaryMeetsRestartedPeer),
  CRASHED_PRIMARY_MEETS_A_LATE_DISK(
      (setting, random) ->
          setting
              .twoPrimaries()
              .disk(Option.FENCING, "resource-and-stonith")
              .speaking(random.nextInt(98, 102)),
      LinkScenes::crashedPrimaryMeetsALateDisk),
  ONE_VOLUME_EACH((setting, _) -> setting.volumes(2), LinkScenes::oneVolumeEach),
  OPENED_WHILE_DEMOTED((setting, _) -> setting, LinkScenes::openedWhileDemoted);

  private final BiFunction<Setting, Prng, Setting> change;
  private final Consumer<Stage> script;

  Scene(BiFunction<Setting, Prng, Setting> change, Consumer<Stage> script) {
    this.change = change;
    this.script = script;
  }

  Setting setting(Prng random) {
    return change.apply(Setting.draw(random), random);
  }

  void play(Stage stage) {
    script.accept(stage);
  }
}
