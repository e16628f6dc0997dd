package org.twincore.daemon;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.admin.AdminRequest.ReportOption;
import org.twincore.daemon.admin.Caller;
import org.twincore.daemon.report.Events2Text;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.resource.ResourceNode;

/// One `events2`: what exists, then what changes, line by line.
final class EventStream {
  private final AdminRequest.Subscribe request;
  private final Consumer<AdminAnswer> lines;
  private final Events2Text text;
  private final Map<String, ReportedResource> known = new TreeMap<>();

  EventStream(AdminRequest.Subscribe request, Consumer<AdminAnswer> lines) {
    this.request = request;
    this.lines = lines;
    this.text = new Events2Text(request.options().contains(ReportOption.STATISTICS));
  }

  /// Runs until the caller or the node is gone, or after the first dump with NOW. Listening begins
  /// before the dump, so nothing is missed between them.
  void run(StateHub hub, NodeResources resources, Caller caller) {
    try (StateHub.Listener listener = hub.listen(request.resource())) {
      caller.whenGone(listener::stop);
      List<ReportedResource> existing =
          resources.all().stream()
              .filter(resource -> request.resource().map(resource.name()::equals).orElse(true))
              .map(ResourceNode::reported)
              .toList();
      existing.forEach(resource -> known.put(resource.name(), resource));
      send(text.existing(existing));
      if (!request.options().contains(ReportOption.NOW)) {
        follow(listener);
      }
    }
  }

  private void follow(StateHub.Listener listener) {
    while (true) {
      StateHub.Note note;
      try {
        note = listener.next();
      } catch (InterruptedException _) {
        return;
      }
      switch (note) {
        case StateHub.Snapshot(ReportedResource resource) -> {
          ReportedResource before = known.put(resource.name(), resource);
          send(before == null ? text.created(resource) : text.changed(before, resource));
        }
        case StateHub.Gone(ReportedResource last) -> {
          if (known.remove(last.name()) != null) {
            send(text.destroyed(last));
          }
        }
        case StateHub.Line(String line) -> send(List.of(line));
        case StateHub.Skipped(long count) -> send(List.of("- skipped " + count));
        case StateHub.Stopped() -> {
          return;
        }
      }
    }
  }

  private void send(List<String> texts) {
    boolean isStamped = request.options().contains(ReportOption.TIMESTAMPS);
    Instant now = Instant.now();
    for (String line : texts) {
      lines.accept(new AdminAnswer.Line(isStamped ? Events2Text.stamped(now, line) : line));
    }
  }
}
