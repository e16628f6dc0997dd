package org.twincore.drbd.config;

/// An address and port as drbd.conf writes it.
///
/// @param family `ipv4`, `ipv6`, `ssocks` or `sdp`
/// @param address without brackets; IPv6 may carry `%interface`
/// @param port 1 to 65535
public record Endpoint(String family, String address, int port) {
  /// The family of addresses in brackets.
  public static final String IPV6 = "ipv6";

  /// `ADDRESS:PORT`, IPv6 in brackets.
  public String addressAndPort() {
    return (family.equals(IPV6) ? "[" + address + "]" : address) + ":" + port;
  }

  /// `FAMILY:ADDRESS:PORT` as drbdsetup takes it.
  @Override
  public String toString() {
    return family + ":" + addressAndPort();
  }

  /// Whether the address means this machine to everybody: 127.0.0.0/8 or ::1.
  boolean isLoopback() {
    return address.startsWith("127.") || address.equals("::1");
  }
}
