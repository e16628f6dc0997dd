package org.twincore.cli.drbdadm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportKind;
import org.twincore.admin.AdminRequest.ReportOption;

/// What `status` asks the node.
final class StatusRequest {
  private StatusRequest() {}

  static AdminRequest of(Invocation invocation, Optional<String> resource) {
    List<ReportOption> options = new ArrayList<>();
    if (invocation.has("verbose") || invocation.flags().verbose()) {
      options.add(ReportOption.VERBOSE);
    }
    if (invocation.has("statistics")) {
      options.add(ReportOption.STATISTICS);
    }
    ReportKind kind = invocation.has("json") ? ReportKind.JSON : ReportKind.STATUS;
    return new AdminRequest.Report(kind, resource, options);
  }
}
