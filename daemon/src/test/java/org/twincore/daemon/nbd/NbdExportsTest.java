package org.twincore.daemon.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.twincore.daemon.loop.LoopBench;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.engine.exchange.Effect;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.wire.Payload;
import org.twincore.drbd.wire.StateWord;
import org.twincore.host.nbd.BlockTarget;
import org.twincore.host.nbd.Exports;
import org.twincore.nbd.ExportDirectory;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.OptionReply;

@Timeout(20)
class NbdExportsTest {
  private static ExportedVolume volume(LoopBench bench, int number) {
    bench.machine.volumes =
        List.of(
            new ResourceStatus.VolumeStatus(
                number,
                0,
                StateWord.INITIAL,
                2048,
                0,
                Optional.empty(),
                0,
                0,
                false,
                ResourceStatus.Counters.ZERO,
                ResourceStatus.Load.IDLE,
                Optional.empty()));
    return new ExportedVolume(
        "r0", number, bench.loop, bench.answers, bench.replies, new LocalHoles());
  }

  private static void answer(Event event, Effects out) {
    switch (event) {
      case Event.AppRead read ->
          out.add(
              new Effect.AppReadDone(
                  read.volume(),
                  read.cookie(),
                  Payload.of(new byte[(int) read.extent().sizeBytes()])));
      case Event.AppWrite write -> out.add(new Effect.AppDone(write.volume(), write.cookie()));
      case Event.AppDiscard discard ->
          out.add(new Effect.AppDone(discard.volume(), discard.cookie()));
      case Event.AppFlush flush -> out.add(new Effect.AppDone(flush.volume(), flush.cookie()));
      default -> {}
    }
  }

  private static Exports.Opened open(NbdExports exports, String name) {
    return (Exports.Opened) exports.open(name);
  }

  @Test
  void namesVolumesAsDrbdadmDoes() {
    try (LoopBench bench = new LoopBench(NbdExportsTest::answer)) {
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 1));
      exports.publish(volume(bench, 0));

      assertThat(exports.names()).containsExactly("r0", "r0/1");
      assertThat(exports.find("r0/0")).isInstanceOf(ExportDirectory.Found.class);
      assertThat(exports.find("r1"))
          .isInstanceOfSatisfying(
              ExportDirectory.Refused.class,
              refused -> assertThat(refused.why()).isEqualTo(OptionReply.ERR_UNKNOWN));
    }
  }

  @Test
  void refusesASecondaryByPolicyAndOpensNothing() {
    try (LoopBench bench = new LoopBench(NbdExportsTest::answer)) {
      bench.machine.mayOpen = StateResult.LOWER_THAN_OUTDATED;
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 0));

      assertThat(exports.open("r0"))
          .isInstanceOfSatisfying(
              Exports.NotOpened.class,
              not -> assertThat(not.refusal().why()).isEqualTo(OptionReply.ERR_POLICY));
      assertThat(bench.machine.events).isEmpty();
    }
  }

  @Test
  void offersASecondaryReadOnlyWhereConfigured() {
    try (LoopBench bench = new LoopBench(NbdExportsTest::answer)) {
      bench.machine.mayOpen = StateResult.LOWER_THAN_OUTDATED;
      NbdExports exports = new NbdExports(true);
      exports.publish(volume(bench, 0));

      Exports.Opened opened = open(exports, "r0");
      assertThat(opened.info().isReadOnly()).isTrue();
      opened.target().close();
      assertThat(bench.machine.events)
          .containsExactly(
              new Event.Opened(0, Event.Access.READ_ONLY),
              new Event.Closed(0, Event.Access.READ_ONLY));
    }
  }

  @Test
  void countsAnOpenerFromOpenToCloseOnce() {
    try (LoopBench bench = new LoopBench(NbdExportsTest::answer)) {
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 0));

      Exports.Opened opened = open(exports, "r0");
      assertThat(opened.info().sizeBytes()).isEqualTo(2048 * 512);
      opened.target().close();
      opened.target().close();
      assertThat(bench.machine.events)
          .containsExactly(
              new Event.Opened(0, Event.Access.READ_WRITE),
              new Event.Closed(0, Event.Access.READ_WRITE));
    }
  }

  @Test
  void splitsAWriteAtAMebibyteAndFinishesItOnce() {
    try (LoopBench bench = new LoopBench(NbdExportsTest::answer)) {
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 0));
      Recorded done = new Recorded();
      open(exports, "r0").target().write(new byte[3 << 20], 0, 3 << 20, 512, true, done);

      List<Event.AppWrite> writes =
          bench.machine.events.stream()
              .filter(Event.AppWrite.class::isInstance)
              .map(Event.AppWrite.class::cast)
              .toList();
      assertThat(writes).hasSize(4).allMatch(Event.AppWrite::fua);
      assertThat(writes.getFirst().payload().lengthBytes()).isEqualTo((1 << 20) - 512);
      assertThat(writes.get(1).sector()).isEqualTo(2048);
      assertThat(done.text).isEqualTo("done");
    }
  }

  /// Small writes of a client's burst go to the resource together, in order, and before anything
  /// else of that client; those of other threads go at once.
  @Test
  void gathersSmallWritesUntilSomethingElseComes() throws Exception {
    try (LoopBench bench = new LoopBench(NbdExportsTest::answer)) {
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 0));
      BlockTarget target = open(exports, "r0").target();
      target.gather();
      Recorded first = new Recorded();
      Recorded second = new Recorded();
      target.write(new byte[4096], 0, 4096, 0, false, first);
      target.write(new byte[4096], 0, 4096, 4096, false, second);
      assertThat(first.text).isEmpty();

      Recorded elsewhere = new Recorded();
      Thread other =
          Thread.ofPlatform()
              .start(() -> target.write(new byte[4096], 0, 4096, 8192, false, elsewhere));
      other.join();
      assertThat(elsewhere.text).isEqualTo("done");
      assertThat(first.text).isEmpty();

      target.flush(new Recorded());
      assertThat(second.text).isEqualTo("done");
      assertThat(bench.machine.events.stream().skip(2).map(NbdExportsTest::kind))
          .containsExactly("write 0", "write 8", "flush");

      Recorded last = new Recorded();
      target.write(new byte[4096], 0, 4096, 0, false, last);
      target.submit();
      assertThat(last.text).isEqualTo("done");
    }
  }

  private static String kind(Event event) {
    return switch (event) {
      case Event.AppWrite write -> "write " + write.sector();
      case Event.AppFlush _ -> "flush";
      default -> event.toString();
    };
  }

  @Test
  void turnsTheEnginesErrorsIntoErrno() {
    try (LoopBench bench =
        new LoopBench((event, out) -> {
          if (event instanceof Event.AppFlush flush) {
            out.add(new Effect.AppFailed(0, flush.cookie(), Effect.AppError.READ_ONLY));
          }
        })) {
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 0));
      Recorded done = new Recorded();
      open(exports, "r0").target().flush(done);

      assertThat(done.text).isEqualTo("EPERM");
    }
  }

  @Test
  void failsWhatIsUnansweredAndWhatComesLaterWhenTheResourceIsNoMore() {
    try (LoopBench bench = new LoopBench((_, _) -> {})) {
      NbdExports exports = new NbdExports(false);
      exports.publish(volume(bench, 0));
      Exports.Opened opened = open(exports, "r0");
      Recorded before = new Recorded();
      opened.target().flush(before);
      assertThat(before.text).isEmpty();

      bench.answers.failAll("r0 is frozen");
      Recorded after = new Recorded();
      opened.target().flush(after);

      assertThat(before.text).isEqualTo("EIO");
      assertThat(after.text).isEqualTo("ESHUTDOWN");
      assertThat(bench.answers.count()).isZero();
    }
  }

  private static final class Recorded implements org.twincore.host.nbd.BlockTarget.Done {
    private String text = "";

    @Override
    public void done() {
      text += "done";
    }

    @Override
    public void failed(NbdError error, String message) {
      text += error;
    }
  }
}
