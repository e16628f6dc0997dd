package org.twincore.daemon.resource;

import java.lang.System.Logger;
import java.util.Optional;
import org.twincore.daemon.loop.Aftermath;
import org.twincore.drbd.DiskState;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.engine.port.NodeServices;

/// The node around a resource, as the engine sees it: admin answers, handlers, log, publication.
/// Called under the resource's lock; what can wait is left to the aftermath.
final class ResourceServices implements NodeServices {
  private static final Logger LOG = System.getLogger("org.twincore.resource");

  private final ResourceNode node;
  private final Aftermath aftermath;
  private final StateFeed feed;

  ResourceServices(ResourceNode node, Aftermath aftermath, StateFeed feed) {
    this.node = node;
    this.aftermath = aftermath;
    this.feed = feed;
  }

  @Override
  public void carryOut(Effect.OfNode effect) {
    switch (effect) {
      case Effect.AdminDone done ->
          aftermath.addAnswer(() -> node.tickets().done(done.ticket(), done.result()));
      case Effect.StateChanged change -> changed(change);
      case Effect.SizeChanged(int volume, long sizeSectors) -> {
        LOG.log(
            Logger.Level.INFO,
            "resource={0} volume={1} size-kib={2}",
            node.name(),
            volume,
            Long.toString(sizeSectors / 2));
        published();
        node.volume(volume).ifPresent(v -> aftermath.addAnswer(v.device()::sizeChanged));
      }
      case Effect.MetadataMoved(int volume, long bytes) ->
          node.volume(volume).ifPresent(v -> aftermath.addAnswer(() -> rememberDisk(v, bytes)));
      case Effect.CallHandler call -> aftermath.addAnswer(() -> callHandler(call));
      case Effect.Log(Effect.Level level, String text) ->
          LOG.log(levelOf(level), "resource={0} {1}", node.name(), text);
      case Effect.VerifyEnded(int volume, var report) ->
          feed.verifyEnded(node.name(), volume, report);
      case Effect.Decided(int volume, String table, var rows) ->
          LOG.log(
              // What a refusal was asked for is not logged elsewhere.
              table.equals("Refusal") ? Logger.Level.INFO : Logger.Level.DEBUG,
              "resource={0} volume={1} table={2} rows={3}",
              node.name(),
              volume,
              table,
              rows);
    }
  }

  private void rememberDisk(VolumeNode volume, long bytes) {
    volume.attached().ifPresent(it -> it.disk().remember(it.wanted(), node.knownDisks(), bytes));
  }

  private void changed(Effect.StateChanged change) {
    LOG.log(
        Logger.Level.INFO,
        "resource={0} volume={1} state=\"{2}\" was=\"{3}\" reason=\"{4}\"{5}",
        node.name(),
        change.volume(),
        change.after(),
        change.before(),
        change.reason(),
        change.rules().isEmpty() ? "" : " rules=\"" + String.join(", ", change.rules()) + "\"");
    if (change.before().role() != change.after().role()
        || change.before().peer() != change.after().peer()) {
      node.rolesChanged(change.volume(), change.after().role(), change.after().peer());
    }
    node.volume(change.volume())
        .ifPresent(volume -> {
          DiskState disk = change.after().disk();
          volume.holes().upToDate(disk == DiskState.UP_TO_DATE);
          if (disk == DiskState.DISKLESS) {
            volume.holes().detached();
          }
        });
    published();
  }

  /// Tells who waits and who listens.
  void published() {
    feed.changed(node::reported);
    aftermath.addAnswer(node.signal()::changed);
  }

  private void callHandler(Effect.CallHandler call) {
    Optional<VolumeStatus> found = find(call.volume());
    if (found.isEmpty()) { // deleted meanwhile
      answer(call, HandlerRun.COULD_NOT_RUN);
      return;
    }
    VolumeStatus volume = found.get();
    feed.handlerCalled(node.reported(), volume, call.name());
    node.handlers()
        .run(
            call.name(),
            HandlerVariables.of(node, volume, call.name()),
            exitCode -> {
              feed.handlerEnded(node.reported(), volume, call.name(), exitCode);
              answer(call, exitCode);
            });
  }

  private void answer(Effect.CallHandler call, int exitCode) {
    if (call.token() != 0) {
      node.loop().post(new Event.HandlerDone(call.token(), exitCode));
    }
  }

  private Optional<VolumeStatus> find(int number) {
    return node.reported().status().volumes().stream()
        .filter(volume -> volume.volume() == number)
        .findFirst();
  }

  private static Logger.Level levelOf(Effect.Level level) {
    return switch (level) {
      case INFO -> Logger.Level.INFO;
      case WARN -> Logger.Level.WARNING;
      case ERROR -> Logger.Level.ERROR;
    };
  }
}
