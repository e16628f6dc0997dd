package org.twincore.daemon.report;

import java.util.Comparator;
import java.util.List;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.Role;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.wire.StateWord;

/// One resource as the reports see it: the engine's snapshot, and who is at the other end.
public record ReportedResource(ResourceStatus status, Network network) {

  /// The connection's two ends. Addresses as drbdsetup spells them (`ipv4:10.0.0.1:7788`), all
  /// empty without a network configuration. `nodeId` is this node's place among the two `on`
  /// sections, 0 or 1.
  public record Network(String localAddress, String peerAddress, String peerName, int nodeId) {
    public static final Network NONE = new Network("", "", "", 0);
  }

  public String name() {
    return status.name();
  }

  /// The volumes, lowest number first.
  List<VolumeStatus> volumes() {
    return status.volumes().stream().sorted(Comparator.comparingInt(VolumeStatus::volume)).toList();
  }

  ConnectionState connection() {
    return status.connection();
  }

  /// Whether the peer's packets decide on states: from the first exchange of parameters on.
  boolean isConnected() {
    return connection().isAtLeast(ConnectionState.WF_REPORT_PARAMS);
  }

  /// Whether there is a connection to speak of; DRBD forgets it when it falls to StandAlone.
  boolean hasPeer() {
    return !network.peerAddress().isEmpty() && connection() != ConnectionState.STAND_ALONE;
  }

  /// Primary as soon as one volume is.
  Role role() {
    boolean primary = status.volumes().stream().anyMatch(v -> v.state().role() == Role.PRIMARY);
    return primary ? Role.PRIMARY : Role.SECONDARY;
  }

  /// The peer's highest role over all volumes.
  Role peerRole() {
    Role highest = Role.UNKNOWN;
    for (VolumeStatus volume : status.volumes()) {
      Role role = volume.state().peer();
      if (role == Role.PRIMARY || highest == Role.UNKNOWN) {
        highest = role;
      }
    }
    return highest;
  }

  /// Whether the queue to the peer is full, for any volume.
  boolean isCongested() {
    return status.volumes().stream().anyMatch(v -> v.load().networkCongested());
  }

  boolean isSuspended() {
    return status.volumes().stream().anyMatch(v -> v.state().isSuspended());
  }

  /// Why application I/O of the resource stands still: `no`, or reasons with commas.
  String suspended() {
    boolean user = false;
    boolean noData = false;
    boolean fencing = false;
    for (VolumeStatus volume : status.volumes()) {
      user |= volume.state().susp();
      noData |= volume.state().suspNod();
      fencing |= volume.state().suspFen();
    }
    return StateWords.reasons(
        user ? "user" : "", noData ? "no-data" : "", fencing ? "fencing" : "");
  }

  /// Whether a volume is there by name only: neither disk nor network.
  static boolean isUnconfigured(VolumeStatus volume) {
    StateWord state = volume.state();
    return state.conn() == ConnectionState.STAND_ALONE
        && state.disk() == DiskState.DISKLESS
        && state.role() == Role.SECONDARY;
  }
}
