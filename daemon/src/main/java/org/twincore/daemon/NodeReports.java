package org.twincore.daemon;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminFormatException;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.admin.JsonText;
import org.twincore.admin.settings.NodeSettings.StatusStyle;
import org.twincore.daemon.dossier.Dossier;
import org.twincore.daemon.dossier.DossierText;
import org.twincore.daemon.loop.Machine;
import org.twincore.daemon.report.Banner;
import org.twincore.daemon.report.OverviewText;
import org.twincore.daemon.report.ProcText;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.report.ServiceStatus;
import org.twincore.daemon.report.StatusJson;
import org.twincore.daemon.report.StatusText;
import org.twincore.daemon.report.WhyReport;
import org.twincore.daemon.resource.RefusedException;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.drbd.engine.exchange.Waiting;

/// Answers the questions: status as data, and the texts.
final class NodeReports {
  private final NodeResources resources;
  private final ScheduledVerifies verifies;
  private final StatusStyle style;
  private final String node;
  private final Instant started;

  NodeReports(
      NodeResources resources,
      ScheduledVerifies verifies,
      StatusStyle style,
      String node,
      Instant started) {
    this.resources = resources;
    this.verifies = verifies;
    this.style = style;
    this.node = node;
    this.started = started;
  }

  AdminAnswer status(Optional<String> only) throws RefusedException {
    long now = System.nanoTime();
    return new AdminAnswer.Status(
        chosen(only).stream().map(resource -> ResourceViews.of(resource, now)).toList());
  }

  AdminAnswer report(AdminRequest.Report request) throws RefusedException {
    List<ResourceNode> chosen = chosen(request.resource());
    List<ReportedResource> reported = chosen.stream().map(ResourceNode::reported).toList();
    Set<ReportOption> options = EnumSet.noneOf(ReportOption.class);
    options.addAll(request.options());
    long now = System.nanoTime();
    return new AdminAnswer.Text(
        switch (request.kind()) {
          case STATUS -> StatusText.render(reported, options);
          case JSON -> StatusJson.render(reported, now);
          case PROC -> ProcText.render(Banner.current(), reported, now, details(options));
          case SHOW ->
              ShowText.render(
                  chosen,
                  options.contains(ReportOption.DEFAULTS)
                      ? ShowText.Shown.ALL
                      : ShowText.Shown.SET);
          case OVERVIEW -> OverviewText.render(reported, Mounts.usages(Mounts.of(chosen)), now);
          case SERVICE ->
              ServiceStatus.render(style, node, started, reported, Mounts.of(chosen), now);
        });
  }

  AdminAnswer why(AdminRequest.Why request) throws RefusedException {
    List<WhyReport.OfResource> found = new ArrayList<>();
    for (ResourceNode resource : chosen(request.resource())) {
      if (request.volume() >= 0 && resource.volume(request.volume()).isEmpty()) {
        throw new RefusedException(
            RefusedException.MINOR_UNKNOWN, "No volume " + request.volume() + " in the node");
      }
      found.add(
          new WhyReport.OfResource(
              resource.reported(),
              Stream.concat(
                      resource.loop().ask(Machine::why).stream(),
                      verifies.waitings(resource).stream())
                  .filter(it ->
                      request.volume() < 0
                          || it.volume() == Waiting.RESOURCE
                          || it.volume() == request.volume())
                  .toList()));
    }
    long now = System.nanoTime();
    return new AdminAnswer.Text(
        switch (request.layout()) {
          case TEXT -> WhyReport.text(found, now);
          case JSON -> WhyReport.json(found, now);
        });
  }

  AdminAnswer verifyReport(AdminRequest.VerifyReport request) throws RefusedException {
    return new AdminAnswer.Text(verifies.report(chosen(request.resource()), request.layout()));
  }

  AdminAnswer dossier(AdminRequest.Dossier request) throws RefusedException {
    ResourceNode resource = resources.named(request.resource());
    if (resource.volume(request.volume()).isEmpty()) {
      throw new RefusedException(
          RefusedException.MINOR_UNKNOWN, "No volume " + request.volume() + " in the node");
    }
    try {
      Dossier own = resource.dossier(request.volume());
      Optional<Dossier.Other> other = other(own, request.other());
      return new AdminAnswer.Text(
          switch (request.layout()) {
            case TEXT -> DossierText.of(own, other);
            case JSON -> JsonText.write(own.json()) + "\n";
          });
    } catch (IOException unreadable) {
      throw new RefusedException(
          RefusedException.INVALID_REQUEST, "the history of roles: " + unreadable.getMessage());
    }
  }

  private static Optional<Dossier.Other> other(Dossier own, String json) throws RefusedException {
    if (json.isEmpty()) {
      return Optional.empty();
    }
    try {
      Dossier.Other other = Dossier.Other.of(JsonText.parseObject(json));
      boolean fits =
          other.resource().equals(own.resource())
              && other.volume() == own.volume()
              && !other.node().equals(own.node());
      if (fits) {
        return Optional.of(other);
      }
      throw new RefusedException(
          RefusedException.INVALID_REQUEST,
          "--with: expected what %s says of %s/%d, found %s of %s/%d"
              .formatted(
                  own.peer(),
                  own.resource(),
                  own.volume(),
                  other.node(),
                  other.resource(),
                  other.volume()));
    } catch (AdminFormatException bad) {
      throw new RefusedException(
          RefusedException.INVALID_REQUEST,
          "--with: expected the output of 'drbdadm split-brain --json' on the other node: "
              + bad.getMessage());
    }
  }

  private static ProcText.Details details(Set<ReportOption> options) {
    return options.contains(ReportOption.VERBOSE)
        ? ProcText.Details.WAITERS
        : options.contains(ReportOption.STATISTICS)
            ? ProcText.Details.CACHES
            : ProcText.Details.NONE;
  }

  private List<ResourceNode> chosen(Optional<String> only) throws RefusedException {
    return only.isEmpty() ? resources.all() : List.of(resources.named(only.get()));
  }
}
