package org.twincore.drbd.engine.request;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.twincore.drbd.engine.activity.ActivityLog;
import org.twincore.drbd.engine.state.Device;

/// The activity-log extents of an application's writes: taken before a write goes to the own disk
/// or to the peer, let go when it is safe at both, or marked.
final class WriteActivity {
  private final Device device;
  private final Consumer<WriteRequest> ready;
  private final Map<Long, WriteRequest> waiting = new HashMap<>();

  /// `ready` hears of each write that has its extents, or for which there is no log.
  WriteActivity(Device device, Consumer<WriteRequest> ready) {
    this.device = device;
    this.ready = ready;
  }

  int waiting() {
    return waiting.size();
  }

  void begin(WriteRequest request) {
    if (!device.hasUsableDisk()) {
      ready.accept(request);
      return;
    }
    if (device.disk().isSuperblockPending()) {
      device.disk().settle(_ -> begin(request));
      return;
    }
    ActivityLog activity = device.disk().activity();
    ActivityLog.Span span = ActivityLog.Span.of(request.extent);
    ActivityLog.Begin begin = activity.begin(request.id, span);
    if (begin != ActivityLog.Begin.NOT_LOGGED) {
      request.activity = activity;
      request.span = span;
    }
    if (begin == ActivityLog.Begin.WAITS) {
      waiting.put(request.id, request);
    } else {
      ready.accept(request);
    }
  }

  /// The activity log has let this token go on; false if it is somebody else's.
  boolean ready(long token) {
    WriteRequest request = waiting.remove(token);
    if (request == null) {
      return false;
    }
    ready.accept(request);
    return true;
  }

  /// The disk is gone and with it the activity log: nobody waits for it any more.
  void lost() {
    List<WriteRequest> without =
        waiting.values().stream().sorted((one, other) -> Long.compare(one.id, other.id)).toList();
    waiting.clear();
    for (WriteRequest request : without) {
      request.span = null;
      request.activity = null;
      ready.accept(request);
    }
  }

  static void release(WriteRequest request) {
    ActivityLog activity = request.activity;
    ActivityLog.Span span = request.span;
    request.activity = null;
    request.span = null;
    if (activity != null && span != null) {
      activity.release(span);
    }
  }
}
