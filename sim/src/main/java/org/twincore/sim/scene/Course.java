package org.twincore.sim.scene;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminCommand.Assume;
import org.twincore.sim.world.SimDrive;
import org.twincore.sim.world.Simulation;

/// What goes on while one thing goes wrong at each step in turn ([EveryStep]): the everyday courses
/// of two nodes. `before` brings the stage there, undisturbed; `course` waits for nothing but time
/// to pass, for with a fault in it nobody knows what comes.
enum Course {
  RESYNC_AFTER_RECONNECT(
      stage -> {
        stage.part();
        stage.write(0, 12);
      },
      stage -> {
        stage.connects(0);
        stage.connects(1);
        stage.tryOpen(0, 20);
        stage.pass(1_800 * Simulation.MILLISECOND);
      }),
  ATTACH_BESIDE_A_PRIMARY(
      stage -> {
        stage.order(1, new AdminCommand.Detach(0, false));
        stage.await("the disk's release", () -> !stage.nodes.get(1).hasDriveOpen(0));
        stage.write(0, 8);
      },
      stage -> {
        stage.tryOpen(0, 20);
        stage.pass(2 * Simulation.MILLISECOND);
        stage.admins.get(1).attach(0);
        stage.pass(300 * Simulation.MILLISECOND);
      }),
  ATTACH_OF_A_PRIMARY(
      stage -> {
        stage.order(0, new AdminCommand.Detach(0, false));
        stage.await("the disk's release", () -> !stage.nodes.get(0).hasDriveOpen(0));
        stage.write(0, 8);
      },
      stage -> {
        stage.tryOpen(0, 20);
        stage.pass(2 * Simulation.MILLISECOND);
        stage.admins.get(0).attach(0);
        stage.pass(300 * Simulation.MILLISECOND);
      }),
  ROLE_SWAP(
      stage -> {},
      stage -> {
        stage.begin(0, new AdminCommand.Secondary(0));
        stage.pass(10 * Simulation.MILLISECOND);
        stage.promoteIfWhole(1);
        stage.pass(10 * Simulation.MILLISECOND);
        stage.tryOpen(1, 12);
        stage.pass(100 * Simulation.MILLISECOND);
      }),
  DISKLESS_IS_PROMOTED(
      stage -> {
        stage.role(0, false);
        stage.order(1, new AdminCommand.Detach(0, false));
        stage.await("the disk's release", () -> !stage.nodes.get(1).hasDriveOpen(0));
      },
      stage -> {
        stage.promoteIfWhole(1);
        stage.pass(5 * Simulation.MILLISECOND);
        stage.tryOpen(1, 12);
        stage.pass(20 * Simulation.MILLISECOND);
        stage.admins.get(1).attach(0);
        stage.pass(300 * Simulation.MILLISECOND);
      }),
  FAREWELL(
      stage -> {},
      stage -> {
        stage.tryOpen(0, 12);
        stage.pass(5 * Simulation.MILLISECOND);
        stage.begin(1, new AdminCommand.Disconnect(false));
        stage.pass(40 * Simulation.MILLISECOND);
      }),
  INVALIDATE(
      stage -> {},
      stage -> {
        stage.tryOpen(0, 20);
        stage.pass(5 * Simulation.MILLISECOND);
        stage.begin(1, new AdminCommand.Invalidate(0));
        stage.pass(200 * Simulation.MILLISECOND);
      }),
  VERIFY(
      stage -> {},
      stage -> {
        stage.tryOpen(0, 12);
        stage.begin(
            0,
            new AdminCommand.Verify(
                0, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty()));
        stage.pass(100 * Simulation.MILLISECOND);
      },
      setting -> setting.net(Option.VERIFY_ALG, "crc32c")),
  GROWTH(
      stage -> {},
      stage -> {
        for (int node = 0; node < 2; node++) {
          SimDrive drive = stage.nodes.get(node).drive(0);
          drive.grow(drive.data().sizeBytes() + (2 << 20));
        }
        stage.tryOpen(0, 12);
        stage.begin(0, new AdminCommand.Resize(0, 0, new Assume(false, false), Optional.empty()));
        stage.pass(200 * Simulation.MILLISECOND);
      });

  private final Consumer<Stage> before;
  private final Consumer<Stage> course;
  private final UnaryOperator<Setting> change;

  Course(Consumer<Stage> before, Consumer<Stage> course) {
    this(before, course, UnaryOperator.identity());
  }

  Course(Consumer<Stage> before, Consumer<Stage> course, UnaryOperator<Setting> change) {
    this.before = before;
    this.course = course;
    this.change = change;
  }

  Setting setting(Setting drawn) {
    return change.apply(drawn);
  }

  void prepare(Stage stage) {
    before.accept(stage);
  }

  void run(Stage stage) {
    course.accept(stage);
  }
}
