package org.twincore.host.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.twincore.nbd.NbdError;

final class RequestSplitterTest {
  private static final int SIZE = 1 << 20;
  private static final int PIECE = 4096;

  /// Finished pieces, and what the whole said.
  private static final class Script extends ForwardingTarget {
    final List<String> pieces = new ArrayList<>();
    final List<Runnable> held = new ArrayList<>();
    long failAt = -1;

    Script() {
      super(new MemoryTarget(SIZE));
    }

    @Override
    public void read(long offset, int length, ReadDone done) {
      pieces.add(offset + "+" + length);
      held.add(() -> {
        if (offset == failAt) {
          done.failed(NbdError.EIO, "at " + offset);
        } else {
          super.read(offset, length, done);
        }
      });
    }

    @Override
    public void write(
        byte[] array, int arrayOffset, int length, long offset, boolean fua, Done done) {
      pieces.add(offset + "+" + length + (fua ? " fua" : ""));
      held.add(() -> {
        if (offset == failAt) {
          done.failed(NbdError.ENOSPC, "at " + offset);
        } else {
          super.write(array, arrayOffset, length, offset, fua, done);
        }
      });
    }

    void finishAll(SplittableRandom random) {
      while (!held.isEmpty()) {
        held.remove(random.nextInt(held.size())).run();
      }
    }
  }

  private static final class Answer implements BlockTarget.Done, BlockTarget.ReadDone {
    final List<String> said = new ArrayList<>();
    byte[] bytes = {};

    @Override
    public void done() {
      said.add("done");
    }

    @Override
    public void data(ByteBuffer... pieces) {
      said.add("data");
      ByteBuffer all = ByteBuffer.allocate(SIZE);
      for (ByteBuffer piece : pieces) {
        all.put(piece);
      }
      bytes = Arrays.copyOf(all.array(), all.position());
    }

    @Override
    public void failed(NbdError error, String message) {
      said.add(error + " " + message);
    }
  }

  @Test
  void cutsAtMultiplesOfTheLimitAndFinishesOnce() {
    Script script = new Script();
    BlockTarget splitter = new RequestSplitter(script, PIECE, PIECE);
    byte[] data = new byte[10_240];
    new SplittableRandom(5).nextBytes(data);
    Answer written = new Answer();
    splitter.write(data, 512, 9728, 3584, true, written);
    assertThat(script.pieces)
        .containsExactly("3584+512 fua", "4096+4096 fua", "8192+4096 fua", "12288+1024 fua");
    assertThat(written.said).isEmpty();
    script.finishAll(new SplittableRandom(1));
    assertThat(written.said).containsExactly("done");
    Answer read = new Answer();
    splitter.read(3584, 9728, read);
    script.finishAll(new SplittableRandom(2));
    assertThat(read.said).containsExactly("data");
    assertThat(read.bytes).isEqualTo(Arrays.copyOfRange(data, 512, 10_240));
  }

  @Test
  void failsWithTheFirstErrorAfterAllPiecesAreDone() {
    Script script = new Script();
    script.failAt = 4096;
    BlockTarget splitter = new RequestSplitter(script, PIECE, PIECE);
    Answer answer = new Answer();
    splitter.write(new byte[12288], 0, 12288, 0, false, answer);
    script.held.remove(1).run();
    assertThat(answer.said).isEmpty();
    script.finishAll(new SplittableRandom(1));
    assertThat(answer.said).containsExactly("ENOSPC at 4096");
    Answer read = new Answer();
    splitter.read(0, 12288, read);
    script.finishAll(new SplittableRandom(3));
    assertThat(read.said).containsExactly("EIO at 4096");
  }

  @Test
  void passesSmallRequestsWhole() {
    Script script = new Script();
    BlockTarget splitter = new RequestSplitter(script, PIECE, PIECE);
    splitter.write(new byte[PIECE], 0, PIECE, 512, false, new Answer());
    assertThat(script.pieces).containsExactly("512+4096");
  }

  @Test
  void discardsOfGigabytesComeInPieces() {
    List<String> pieces = new ArrayList<>();
    BlockTarget target =
        new ForwardingTarget(new MemoryTarget(SIZE)) {
          @Override
          public void discard(long offset, long length, Discard kind, boolean fua, Done done) {
            pieces.add(offset + "+" + length + " " + kind);
            done.done();
          }
        };
    Answer answer = new Answer();
    new RequestSplitter(target, PIECE, 1L << 30)
        .discard(512, 0xffff_fe00L, BlockTarget.Discard.ZEROES, false, answer);
    assertThat(pieces)
        .containsExactly(
            "512+1073741312 ZEROES",
            "1073741824+1073741824 ZEROES",
            "2147483648+1073741824 ZEROES",
            "3221225472+1073741824 ZEROES");
    assertThat(answer.said).containsExactly("done");
  }
}
