package org.twincore.daemon.resource;

import java.util.function.Supplier;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.engine.exchange.VerifyReport;

/// Who wants to know what happens to resources (events2). Called under the resource's lock, in the
/// order of what happened; must only take note.
public interface StateFeed {
  /// Something may have changed. `snapshot` costs something: asked for only if somebody listens,
  /// and at once.
  void changed(Supplier<ReportedResource> snapshot);

  /// The resource is no more; `last` is its last snapshot.
  void gone(ReportedResource last);

  void handlerCalled(ReportedResource resource, VolumeStatus volume, String handler);

  void handlerEnded(ReportedResource resource, VolumeStatus volume, String handler, int exitCode);

  /// A verify that was begun here is over.
  void verifyEnded(String resource, int volume, VerifyReport report);
}
