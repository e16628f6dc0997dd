package org.twincore.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.twincore.daemon.loop.Machine;
import org.twincore.daemon.report.ReportedResource;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.StateFeed;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.drbd.engine.ResyncOrder;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.engine.exchange.VerifyReport;

/// Lets the resyncs of this node's volumes go one after the other, as their `resync-after` says,
/// across its resources.
///
/// Stands between the resources and who listens to them: each change wakes a thread of its own,
/// which asks all resources and tells those whose turn has come or is over. So a resync may run for
/// a moment before it is paused; a kernel holds the locks of all resources instead.
final class ResyncTurns implements StateFeed {
  private final StateFeed next;
  private final Semaphore due = new Semaphore(0);
  private volatile boolean isClosed;

  ResyncTurns(StateFeed next) {
    this.next = next;
  }

  /// Begins; `resources` are the node's, whenever asked.
  void start(Supplier<List<ResourceNode>> resources) {
    Thread.ofVirtual().name("resync-after").start(() -> run(resources));
  }

  private void run(Supplier<List<ResourceNode>> resources) {
    while (!isClosed) {
      due.acquireUninterruptibly();
      due.drainPermits();
      if (!isClosed) {
        look(resources.get());
      }
    }
  }

  private static void look(List<ResourceNode> resources) {
    List<ResyncOrder.Member> members = new ArrayList<>();
    TreeMap<Integer, Place> places = new TreeMap<>();
    for (ResourceNode resource : resources) {
      members.addAll(resource.loop().ask(Machine::resyncMembers));
      for (VolumeNode volume : resource.volumes()) {
        places.put(volume.minor(), new Place(resource, volume.number()));
      }
    }
    ResyncOrder.changes(members)
        .forEach((minor, waits) -> {
          Place place = places.get(minor);
          if (place != null) {
            place.resource.loop().post(new Event.ResyncOrder(place.volume, waits));
          }
        });
  }

  private record Place(ResourceNode resource, int volume) {}

  @Override
  public void changed(Supplier<ReportedResource> snapshot) {
    due.release();
    next.changed(snapshot);
  }

  @Override
  public void gone(ReportedResource last) {
    due.release();
    next.gone(last);
  }

  @Override
  public void handlerCalled(ReportedResource resource, VolumeStatus volume, String handler) {
    next.handlerCalled(resource, volume, handler);
  }

  @Override
  public void handlerEnded(
      ReportedResource resource, VolumeStatus volume, String handler, int exitCode) {
    next.handlerEnded(resource, volume, handler, exitCode);
  }

  @Override
  public void verifyEnded(String resource, int volume, VerifyReport report) {
    next.verifyEnded(resource, volume, report);
  }

  /// Nothing is looked at any more.
  void close() {
    isClosed = true;
    due.release();
  }
}
