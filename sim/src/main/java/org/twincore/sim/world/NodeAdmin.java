package org.twincore.sim.world;

import java.util.ArrayDeque;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.drbd.meta.MetadataException;

/// An admin at one node: gives commands one after another and waits for the answers.
///
/// A command whose answer does not come because the node ended is forgotten with the rest of the
/// queue.
public final class NodeAdmin {
  private static final String RESOURCE = "r0";

  private final SimNode node;
  private final Config config;
  private final BiConsumer<AdminCommand, AdminResult> observer;
  private final ArrayDeque<Order> queue = new ArrayDeque<>();
  private boolean isWaiting;
  private int process;
  private boolean wantsConnection = true;

  private record Order(Runnable start) {}

  /// What drbd.conf says: so many volumes from 0 on, all with the same `disk` options.
  public record Config(
      int volumes, OptionValues resource, OptionValues disk, OptionValues net, EpochEnd epochs) {

    /// The `net` options as that node's file has them: `discard-local` of one is `discard-remote`
    /// of the other.
    public static OptionValues netOf(int node, OptionValues net) {
      String without = net.word(Option.AFTER_SB_0PRI);
      return switch (node == 0 ? "" : without) {
        case "discard-local" -> net.with(Option.AFTER_SB_0PRI, "discard-remote");
        case "discard-remote" -> net.with(Option.AFTER_SB_0PRI, "discard-local");
        default -> net;
      };
    }
  }

  public NodeAdmin(SimNode node, Config config, BiConsumer<AdminCommand, AdminResult> observer) {
    this.node = node;
    this.config = config;
    this.observer = observer;
  }

  public SimNode node() {
    return node;
  }

  /// Whether nothing is queued or unanswered.
  public boolean isIdle() {
    forgetOldProcess();
    return queue.isEmpty() && !isWaiting;
  }

  /// Whether the admin wants the node connected.
  public boolean wantsConnection() {
    return wantsConnection;
  }

  // ---- whole procedures

  /// Starts the process and does what `drbdadm up` does.
  public void up() {
    start();
    bringUp();
  }

  /// The same, but that the disks are left alone.
  public void upDiskless() {
    start();
    makeVolumes();
    connect(false);
  }

  private void start() {
    if (!node.isRunning()) {
      node.start(RESOURCE, config.resource(), config.epochs());
    }
  }

  private void makeVolumes() {
    for (int volume = 0; volume < config.volumes(); volume++) {
      command(new AdminCommand.NewVolume(volume, volume, config.disk()));
    }
  }

  /// `drbdadm up` at a running process.
  public void bringUp() {
    makeVolumes();
    for (int volume = 0; volume < config.volumes(); volume++) {
      attach(volume);
    }
    connect(false);
  }

  public void connect(boolean discardMyData) {
    wantsConnection = true;
    command(new AdminCommand.Connect(config.net(), discardMyData, false));
  }

  public void disconnect(boolean force, Consumer<AdminResult> answered) {
    wantsConnection = false;
    command(new AdminCommand.Disconnect(force), answered);
  }

  public void down(Consumer<AdminResult> answered) {
    wantsConnection = false;
    command(new AdminCommand.Down(), answered);
  }

  /// Reads the drive's metadata, applying its activity log, and attaches it.
  public void attach(int volume) {
    order(() -> {
      if (node.hasDriveOpen(volume)) {
        next();
        return;
      }
      try {
        var image = new DriveMetadata(node.drive(volume)).readForAttach();
        node.connectDrive(volume);
        give(
            new AdminCommand.Attach(volume, image, Optional.of(node.drive(volume).undo().found())),
            result -> {
              // What is still on its way to a drive that stalls ends before it is given back.
              if (!result.isSuccess() && node.isDriveIdle(volume)) {
                node.releaseDrive(volume);
              }
            });
      } catch (MetadataException e) {
        node.simulation().trace().line(node.name() + "/" + volume + " attach: " + e);
        next();
      }
    });
  }

  // ---- one command

  public void command(AdminCommand command) {
    command(command, _ -> {});
  }

  public void command(AdminCommand command, Consumer<AdminResult> answered) {
    order(() -> give(command, answered));
  }

  private void order(Runnable start) {
    forgetOldProcess();
    queue.add(new Order(start));
    if (!isWaiting) {
      next();
    }
  }

  private void forgetOldProcess() {
    if (process != node.processNumber() || !node.isRunning()) {
      process = node.processNumber();
      queue.clear();
      isWaiting = false;
    }
  }

  private void next() {
    isWaiting = false;
    Order order = queue.poll();
    if (order != null && node.isRunning()) {
      isWaiting = true;
      order.start.run();
    }
  }

  private void give(AdminCommand command, Consumer<AdminResult> answered) {
    int running = node.processNumber();
    node.admin(
        command,
        result -> {
          if (running == node.processNumber() && node.isRunning()) {
            observer.accept(command, result);
            answered.accept(result);
            next();
          }
        });
  }
}
