package org.twincore.drbd.engine.state;

import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;

/// What the state rules need to know besides the state words.
///
/// `openers` counts those that forbid this node to be Secondary. `otherVolumesPeer` is the highest
/// role of the peer in the other volumes of the resource (Primary above Secondary above Unknown).
/// `handshakeRuns` is true from sending the own P_STATE in WFReportParams until Connected.
public record StateContext(
    Options options,
    Remembered remembered,
    int openers,
    Role otherVolumesPeer,
    int agreedVersion,
    boolean handshakeRuns) {

  /// The options that matter. `verifyConfigured` = a `verify-alg` is set; `suspendWithoutData` =
  /// `on-no-data-accessible suspend-io`.
  public record Options(
      boolean allowTwoPrimaries,
      Fencing fencing,
      boolean suspendWithoutData,
      boolean verifyConfigured) {
    public static final Options DEFAULT = new Options(false, Fencing.DONT_CARE, false, false);
  }

  /// What attach found while the state says Negotiating: the intended disk states, and the identity
  /// of the data (own current UUID against the one that users of the device have seen).
  public record Remembered(DiskState disk, DiskState peerDisk, long current, long exposed) {
    public static final Remembered NOTHING =
        new Remembered(DiskState.DISKLESS, DiskState.D_UNKNOWN, 0, 0);

    boolean isTheExposedData() {
      return current == exposed;
    }

    /// The same, or nobody has seen any data of this device yet.
    boolean mayBeTheExposedData() {
      return exposed == 0 || isTheExposedData();
    }
  }

  /// Defaults for a volume that nobody has open.
  public static final StateContext PLAIN =
      new StateContext(Options.DEFAULT, Remembered.NOTHING, 0, Role.UNKNOWN, 101, false);
}
