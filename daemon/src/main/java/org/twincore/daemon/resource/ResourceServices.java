package org.twincore.daemon.resource;

import java.lang.System.Logger;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
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
      case Effect.Decided(int volume, String table, var rows) ->
          LOG.log(
              Logger.Level.DEBUG,
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
        "resource={0} volume={1} state=\"{2}\" was=\"{3}\" reason=\"{4}\"",
        node.name(),
        change.volume(),
        change.after(),
        change.before(),
        change.reason());
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
    VolumeStatus volume = find(call.volume());
    feed.handlerCalled(node.reported(), volume, call.name());
    node.handlers()
        .run(
            call.name(),
            environment(volume, call.name()),
            exitCode -> {
              feed.handlerEnded(node.reported(), volume, call.name(), exitCode);
              if (call.token() != 0) {
                node.loop().post(new Event.HandlerDone(call.token(), exitCode));
              }
            });
  }

  private VolumeStatus find(int number) {
    return node.reported().status().volumes().stream()
        .filter(volume -> volume.volume() == number)
        .findFirst()
        .orElseThrow();
  }

  /// What drbdadm gives to a handler (drbd-config section 4, handlers). One that is about the peer
  /// as a whole gets all volumes, with blanks between.
  private TreeMap<String, String> environment(VolumeStatus volume, String handler) {
    boolean isOfPeer = handler.equals("fence-peer") || handler.equals("unfence-peer");
    List<VolumeStatus> volumes = isOfPeer ? node.reported().status().volumes() : List.of(volume);
    TreeMap<String, String> environment = new TreeMap<>();
    environment.put("DRBD_RESOURCE", node.name());
    environment.put("DRBD_MINOR", joined(volumes, VolumeStatus::minor));
    environment.put("DRBD_VOLUME", joined(volumes, VolumeStatus::volume));
    node.wiring()
        .ifPresent(wiring -> {
          environment.put("DRBD_PEER", wiring.peerName());
          environment.put("DRBD_PEERS", wiring.peerName());
          String text = wiring.peerText();
          environment.put("DRBD_PEER_AF", text.substring(0, text.indexOf(':')));
          environment.put("DRBD_PEER_ADDRESS", wiring.peer().getAddress().getHostAddress());
        });
    return environment;
  }

  private static String joined(List<VolumeStatus> volumes, ToIntFunction<VolumeStatus> number) {
    return volumes.stream()
        .map(it -> Integer.toString(number.applyAsInt(it)))
        .collect(Collectors.joining(" "));
  }

  private static Logger.Level levelOf(Effect.Level level) {
    return switch (level) {
      case INFO -> Logger.Level.INFO;
      case WARN -> Logger.Level.WARNING;
      case ERROR -> Logger.Level.ERROR;
    };
  }
}
