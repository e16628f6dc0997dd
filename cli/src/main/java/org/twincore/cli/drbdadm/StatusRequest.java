package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;

/// What `status` and `proc` ask the node.
final class StatusRequest {
  private StatusRequest() {}

  static AdminRequest of(Invocation invocation, Optional<String> resource) {
    ReportKind kind = invocation.has("json") ? ReportKind.JSON : ReportKind.STATUS;
    return new AdminRequest.Report(kind, resource, options(invocation));
  }

  /// The text of /proc/drbd, or with `--service` that of `service drbd status`.
  static AdminRequest proc(Invocation invocation) {
    ReportKind kind = invocation.has("service") ? ReportKind.SERVICE : ReportKind.PROC;
    return new AdminRequest.Report(kind, Optional.empty(), options(invocation));
  }

  private static List<ReportOption> options(Invocation invocation) {
    List<ReportOption> options = new ArrayList<>();
    if (invocation.has("verbose") || invocation.flags().verbose()) {
      options.add(ReportOption.VERBOSE);
    }
    if (invocation.has("statistics")) {
      options.add(ReportOption.STATISTICS);
    }
    return options;
  }
}
