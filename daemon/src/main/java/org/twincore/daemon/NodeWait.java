package org.twincore.daemon;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.admin.AdminRequest;
import org.twincore.daemon.admin.Caller;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;

/// `wait-connect` and `wait-sync`: until a resource is there, or its time is over.
///
/// Which of the three timeouts counts is found once, at the start (drbdsetup's
/// DRBD_ADM_GET_TIMEOUT_TYPE): `outdated` if a peer's disk is Outdated, `degraded` if this node was
/// Primary alone when it last stopped.
final class NodeWait {
  private static final int REACHED = 0;
  private static final int NOT_REACHED = 5;

  /// So long `synced` waits for a resync that the states say is needed; then it is none.
  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(3);

  private final ResourceNode resource;
  private final AdminRequest.Await request;

  NodeWait(ResourceNode resource, AdminRequest.Await request) {
    this.resource = resource;
    this.request = request;
  }

  AdminAnswer run(Caller caller) {
    caller.whenGone(resource.signal()::changed);
    long seconds = timeoutSeconds();
    long end =
        seconds == 0 ? Long.MAX_VALUE : System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    long mixedSince = 0;
    while (true) {
      long seen = resource.signal().count();
      ResourceStatus status = resource.reported().status();
      List<VolumeStatus> volumes = asked(status);
      boolean isReached = isReached(volumes);
      if (isReached && isMixed(volumes)) {
        mixedSince = mixedSince == 0 ? System.nanoTime() : mixedSince;
        isReached = System.nanoTime() - mixedSince >= SETTLE_NANOS;
      }
      if (isReached) {
        return new AdminAnswer.Result(Kind.WAIT, REACHED, "");
      }
      if (resource.isGone()) {
        return notReached(resource.name() + " is gone");
      }
      if (status.connection() == ConnectionState.STAND_ALONE && !request.waitAfterSb()) {
        return notReached(resource.name() + " is StandAlone");
      }
      long left = end == Long.MAX_VALUE ? Long.MAX_VALUE / 2 : end - System.nanoTime();
      if (left <= 0 || caller.isGone()) {
        return notReached("");
      }
      try {
        resource.signal().await(seen, mixedSince == 0 ? left : Math.min(left, SETTLE_NANOS));
      } catch (InterruptedException _) {
        return notReached("the node is stopping");
      }
    }
  }

  private List<VolumeStatus> asked(ResourceStatus status) {
    return status.volumes().stream()
        .filter(it -> request.volume() < 0 || it.volume() == request.volume())
        .toList();
  }

  private static AdminAnswer notReached(String why) {
    return new AdminAnswer.Result(Kind.WAIT, NOT_REACHED, why);
  }

  private long timeoutSeconds() {
    boolean isOutdated =
        resource.reported().status().volumes().stream()
            .anyMatch(volume -> volume.state().pdsk() == DiskState.OUTDATED);
    if (isOutdated) {
      return request.outdatedTimeoutSeconds();
    }
    return resource.wasAlone() ? request.degradedTimeoutSeconds() : request.timeoutSeconds();
  }

  private boolean isReached(List<VolumeStatus> volumes) {
    return !volumes.isEmpty() && volumes.stream().allMatch(this::isReached);
  }

  /// Connected with one good disk and one that is not: a resync is about to begin, most likely.
  private boolean isMixed(List<VolumeStatus> volumes) {
    return request.goal() == AdminRequest.Goal.SYNCED
        && volumes.stream()
            .anyMatch(v ->
                v.state().disk() == DiskState.INCONSISTENT
                        && v.state().pdsk() == DiskState.UP_TO_DATE
                    || v.state().disk() == DiskState.UP_TO_DATE
                        && v.state().pdsk() == DiskState.INCONSISTENT);
  }

  private boolean isReached(VolumeStatus volume) {
    ConnectionState conn = volume.state().conn();
    return switch (request.goal()) {
      case CONNECTED -> conn.isAtLeast(ConnectionState.CONNECTED);
      case SYNCED -> conn == ConnectionState.CONNECTED;
    };
  }
}
