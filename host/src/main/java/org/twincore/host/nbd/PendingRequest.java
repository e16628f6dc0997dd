package org.twincore.host.nbd;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.twincore.nbd.NbdError;
import org.twincore.nbd.Reply;
import org.twincore.nbd.Request;
import org.twincore.nbd.StatusExtent;

/// A request between its arrival and its reply; a target finishes it exactly once.
final class PendingRequest
    implements BlockTarget.Done, BlockTarget.ReadDone, BlockTarget.StatusDone {
  private static final Logger LOG = System.getLogger("org.twincore.nbd");

  /// Who is told that a request is finished.
  interface Finish {
    void finished(PendingRequest request);
  }

  private final Request request;
  private final long payloadBytes;
  private final Finish finish;
  private final AtomicBoolean isFinished = new AtomicBoolean();
  private volatile Reply reply;

  PendingRequest(Request request, long payloadBytes, Finish finish) {
    this.request = request;
    this.payloadBytes = payloadBytes;
    this.finish = finish;
    this.reply = new Reply.Failed(request.cookie(), NbdError.EIO, "not finished");
  }

  /// The bytes this request holds of its connection's window.
  long payloadBytes() {
    return payloadBytes;
  }

  Reply reply() {
    return reply;
  }

  @Override
  public void done() {
    finish(new Reply.Done(request.cookie()));
  }

  @Override
  public void data(ByteBuffer... pieces) {
    long length = 0;
    for (ByteBuffer piece : pieces) {
      length += piece.remaining();
    }
    if (!(request instanceof Request.Read read) || length != read.length()) {
      LOG.log(Level.ERROR, "target gave {0} bytes for {1}", length, request);
      failed(NbdError.EIO, "device gave " + length + " bytes");
      return;
    }
    finish(new Reply.Data(read.cookie(), read.offset(), Arrays.asList(pieces)));
  }

  @Override
  public void status(List<StatusExtent> extents) {
    if (!(request instanceof Request.BlockStatus asked) || extents.isEmpty()) {
      failed(NbdError.EIO, "device does not know its allocation");
      return;
    }
    finish(Reply.Status.of(asked, extents));
  }

  @Override
  public void failed(NbdError error, String message) {
    finish(new Reply.Failed(request.cookie(), error, message));
  }

  private void finish(Reply answer) {
    if (!isFinished.compareAndSet(false, true)) {
      LOG.log(Level.ERROR, "target finished {0} twice", request);
      return;
    }
    reply = answer;
    finish.finished(this);
  }
}
