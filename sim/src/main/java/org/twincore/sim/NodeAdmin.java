package org.twincore.sim;

import java.util.ArrayDeque;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.meta.MetadataException;
import org.twincore.sim.world.DriveMetadata;
import org.twincore.sim.world.SimNode;

/// An admin at one node: gives commands one after another and waits for the answers.
///
/// A command whose answer does not come because the node ended is forgotten with the rest of the
/// queue.
final class NodeAdmin {
  private static final String RESOURCE = "r0";

  private final SimNode node;
  private final Scenario scenario;
  private final BiConsumer<AdminCommand, AdminResult> observer;
  private final ArrayDeque<Order> queue = new ArrayDeque<>();
  private boolean isWaiting;
  private int process;
  private boolean wantsConnection = true;

  private record Order(Runnable start) {}

  NodeAdmin(SimNode node, Scenario scenario, BiConsumer<AdminCommand, AdminResult> observer) {
    this.node = node;
    this.scenario = scenario;
    this.observer = observer;
  }

  SimNode node() {
    return node;
  }

  /// Whether nothing is queued or unanswered.
  boolean isIdle() {
    forgetOldProcess();
    return queue.isEmpty() && !isWaiting;
  }

  /// Whether the admin wants the node connected.
  boolean wantsConnection() {
    return wantsConnection;
  }

  // ---- whole procedures

  /// Starts the process and does what `drbdadm up` does.
  void up() {
    if (!node.isRunning()) {
      node.start(RESOURCE, scenario.resource(), scenario.epochs());
    }
    bringUp();
  }

  /// `drbdadm up` at a running process.
  void bringUp() {
    for (int volume = 0; volume < scenario.volumes().size(); volume++) {
      command(new AdminCommand.NewVolume(volume, volume, scenario.disk()));
    }
    for (int volume = 0; volume < scenario.volumes().size(); volume++) {
      attach(volume);
    }
    connect(false);
  }

  void connect(boolean discardMyData) {
    wantsConnection = true;
    command(new AdminCommand.Connect(scenario.net(), discardMyData, false));
  }

  void disconnect(boolean force, Consumer<AdminResult> answered) {
    wantsConnection = false;
    command(new AdminCommand.Disconnect(force), answered);
  }

  void down(Consumer<AdminResult> answered) {
    wantsConnection = false;
    command(new AdminCommand.Down(), answered);
  }

  /// Reads the drive's metadata, applying its activity log, and attaches it.
  void attach(int volume) {
    order(() -> {
      if (node.hasDriveOpen(volume)) {
        next();
        return;
      }
      try {
        var image = new DriveMetadata(node.drive(volume)).readForAttach();
        node.connectDrive(volume);
        give(
            new AdminCommand.Attach(volume, image),
            result -> {
              if (!result.isSuccess()) {
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

  void command(AdminCommand command) {
    command(command, _ -> {});
  }

  void command(AdminCommand command, Consumer<AdminResult> answered) {
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
