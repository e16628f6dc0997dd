package org.twincore.drbd.engine.resync;

import org.twincore.drbd.Invariant;

/// How many blocks a resync target (or a verify) asks for in one turn of 100 ms (drbd-wire section
/// 12.3, `drbd_rs_number_requests`).
///
/// The turn says how many; what may be in flight at once (`max-buffers`) says when. The kernel asks
/// only at the turn itself, so that there `max-buffers` bounds the rate too; here what arrives
/// makes room for more of the same turn.
///
/// With `c-plan-ahead` a controller keeps the wanted amount in flight, planning its corrections
/// some turns ahead; without, the rate is fixed. A block is 4 KiB, a sector 512 bytes.
public final class ResyncPacing {
  /// The time between two turns.
  public static final long TURN_MILLIS = 100;

  private static final int SECTORS_PER_BLOCK = 8;
  private static final int KIB_PER_BLOCK = 4;
  private static final int TURNS_PER_SECOND = 10;
  private static final int SECTORS_PER_KIB = 2;
  private static final int STEPS_MAX = 300;

  /// 32 MiB: as much as a source reads at once, and what a node's heap must have room for.
  private static final int IN_FLIGHT_BLOCKS_MAX = 8192;

  /// Other activity below this many sectors since the last look does not slow a resync down.
  private static final long QUIET_SECTORS = 64;

  /// The options: rates in KiB/s, `planAheadTurns` and `delayTarget` in tenths of a second,
  /// `fillTargetSectors` 0 = by delay, `minRate` 0 = never give way, `maxBuffers` in pages of 4
  /// KiB.
  public record Tuning(
      int resyncRate,
      int planAheadTurns,
      int delayTarget,
      int fillTargetSectors,
      int maxRate,
      int minRate,
      int maxBuffers) {
    public Tuning {
      Invariant.check(
          planAheadTurns >= 0 && planAheadTurns <= STEPS_MAX, "c-plan-ahead is in 0..300");
    }
  }

  private Tuning tuning;
  private int[] plan;
  private int planNext;
  private long planSum;
  private long inFlightSectors;
  private long arrivedSectors;
  private long leftOverKib;
  private long wantKibPerSecond;
  private long leftBlocks;

  public ResyncPacing(Tuning tuning) {
    this.tuning = tuning;
    this.plan = new int[tuning.planAheadTurns];
  }

  /// New options (of the admin or of the peer's P_SYNC_PARAM89); a plan of another length starts
  /// anew.
  public void retune(Tuning next) {
    if (next.planAheadTurns != plan.length) {
      plan = new int[next.planAheadTurns];
      planNext = 0;
      planSum = 0;
    }
    tuning = next;
  }

  /// Forgets all of an earlier resync.
  public void restart() {
    plan = new int[tuning.planAheadTurns];
    planNext = 0;
    planSum = 0;
    inFlightSectors = 0;
    arrivedSectors = 0;
    leftOverKib = 0;
    leftBlocks = 0;
  }

  /// The peer answered a request, with data or with "in sync", or refused it.
  public void arrived(long sectors) {
    arrivedSectors += sectors;
  }

  /// Blocks were asked for; a merged request counts as several.
  public void requested(long blocks) {
    inFlightSectors += blocks * SECTORS_PER_BLOCK;
    leftBlocks -= blocks;
  }

  /// There is nothing to ask for now; the rest of this turn is forgotten.
  public void leaveRest() {
    leftBlocks = 0;
  }

  public long inFlightSectors() {
    return inFlightSectors - arrivedSectors;
  }

  /// The rate that the last turn aimed at, for the status.
  public long wantKibPerSecond() {
    return wantKibPerSecond;
  }

  /// A turn begins; what the last one left over is forgotten.
  public void turn() {
    long in = arrivedSectors;
    arrivedSectors = 0;
    inFlightSectors -= in;
    leftBlocks = plan.length > 0 ? controlled(in) : fixed();
  }

  /// How many blocks may be asked for now, 0 and up.
  public long mayAskBlocks() {
    long mostBlocks = Math.min(tuning.maxBuffers / 2, IN_FLIGHT_BLOCKS_MAX);
    long room = mostBlocks - inFlightSectors() / SECTORS_PER_BLOCK;
    return Math.max(0, Math.min(leftBlocks, room));
  }

  /// A rate below one block a turn adds up over several turns.
  private long fixed() {
    wantKibPerSecond = tuning.resyncRate;
    leftOverKib += tuning.resyncRate;
    long kibPerBlockSecond = (long) KIB_PER_BLOCK * TURNS_PER_SECOND;
    long blocks = leftOverKib / kibPerBlockSecond;
    leftOverKib -= blocks * kibPerBlockSecond;
    return blocks;
  }

  private long controlled(long in) {
    int steps = plan.length;
    long correction = wantedInFlight(in, steps) - inFlightSectors - planSum;
    int perStep = (int) (correction / steps);
    for (int step = 0; step < steps; step++) {
      plan[step] += perStep;
    }
    planSum += (long) perStep * steps;
    int now = plan[planNext];
    plan[planNext] = 0;
    planNext = (planNext + 1) % steps;
    planSum -= now;
    long mostSectors = (long) tuning.maxRate * SECTORS_PER_KIB / TURNS_PER_SECOND;
    long sectors = Math.max(0, Math.min(in + now, mostSectors));
    long blocks = sectors / SECTORS_PER_BLOCK;
    wantKibPerSecond = blocks * KIB_PER_BLOCK * TURNS_PER_SECOND;
    return blocks;
  }

  private long wantedInFlight(long in, int steps) {
    if (inFlightSectors + in == 0) {
      return (long) tuning.resyncRate * SECTORS_PER_KIB / TURNS_PER_SECOND * steps;
    }
    return tuning.fillTargetSectors != 0 ? tuning.fillTargetSectors : in * tuning.delayTarget;
  }

  /// What else the backing disk does: sectors of others since the last look, and whether an
  /// application waits for the activity log.
  public record Competition(long otherSectors, boolean activityLogAwaited) {
    public boolean isContended() {
      return activityLogAwaited || otherSectors > QUIET_SECTORS;
    }
  }

  /// c-min-rate: should this turn (or answer) give way to other I/O? `recentKibPerSecond` is the
  /// resync speed of the last six seconds or so.
  public boolean givesWay(Competition competition, long recentKibPerSecond) {
    return tuning.minRate != 0 && competition.isContended() && recentKibPerSecond > tuning.minRate;
  }
}
