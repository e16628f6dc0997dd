package org.twincore.daemon.resource;

import java.net.InetSocketAddress;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.host.net.TcpLink;

/// The network configuration of a resource, as `connect` gave it.
public record Wiring(
    String localText,
    String peerText,
    InetSocketAddress local,
    InetSocketAddress peer,
    String peerName,
    int nodeId,
    OptionValues net) {

  TcpLink.Ends ends() {
    return new TcpLink.Ends(
        local, peer, (int) net.num(Option.SNDBUF_SIZE), (int) net.num(Option.RCVBUF_SIZE));
  }

  ReportedResource.Network network() {
    return new ReportedResource.Network(localText, peerText, peerName, nodeId);
  }

  Wiring withNet(OptionValues newNet) {
    return new Wiring(localText, peerText, local, peer, peerName, nodeId, newNet);
  }
}
