package org.twincore.daemon.report;

import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// The part of an events2 line that says what it is about; starts with a blank.
///
/// `peer` is the connection's part: it is named only while there is a peer address.
record EventKey(String resource, String peer) {
  static EventKey of(ReportedResource resource) {
    String named = resource.hasPeer() ? " conn-name:peer" : "";
    return new EventKey(" name:" + resource.name(), " peer-node-id:0" + named);
  }

  String connection() {
    return resource + peer;
  }

  String device(VolumeStatus volume) {
    return resource + " volume:" + volume.volume() + " minor:" + volume.minor();
  }

  String peerDevice(int volume) {
    return resource + peer + " volume:" + volume;
  }

  String helper(VolumeStatus volume) {
    return peerDevice(volume.volume()) + " minor:" + volume.minor();
  }
}
