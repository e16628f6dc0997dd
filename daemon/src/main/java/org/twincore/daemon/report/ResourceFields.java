package org.twincore.daemon.report;

import java.util.Optional;

/// What an events2 line tells of a resource and of its connection; starts with a blank.
record ResourceFields(ReportedResource of, boolean statistics) {

  String all() {
    return role() + suspended() + (statistics ? ordering() : "");
  }

  String allOfConnection() {
    return state() + peerRole() + (statistics ? congested() : "");
  }

  /// The fields that differ from `was`; empty if none does.
  Optional<String> resourceSince(ResourceFields was) {
    String states = news(role(), was.role()) + news(suspended(), was.suspended());
    if (states.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(states + (statistics ? news(ordering(), was.ordering()) : ""));
  }

  Optional<String> connectionSince(ResourceFields was) {
    String states = news(state(), was.state()) + news(peerRole(), was.peerRole());
    if (states.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(states + (statistics ? news(congested(), was.congested()) : ""));
  }

  static String news(String is, String was) {
    return is.equals(was) ? "" : is;
  }

  private String role() {
    return " role:" + of.role();
  }

  private String suspended() {
    return " suspended:" + of.suspended();
  }

  private String ordering() {
    return " write-ordering:" + StateWords.writeOrdering(of.status().writeOrdering());
  }

  private String state() {
    return " connection:" + StateWords.connection(of.connection());
  }

  private String peerRole() {
    return " role:" + of.peerRole();
  }

  private String congested() {
    return " congested:" + StateWords.yesOrNo(of.isCongested());
  }
}
