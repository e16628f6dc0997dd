package org.twincore.daemon.loop;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.twincore.drbd.StateResult;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.engine.Resource;
import org.twincore.drbd.engine.ResyncOrder;
import org.twincore.drbd.engine.exchange.Effects;
import org.twincore.drbd.engine.exchange.Event;
import org.twincore.drbd.engine.exchange.ResourceStatus;
import org.twincore.drbd.engine.exchange.SplitBrain;
import org.twincore.drbd.engine.exchange.Waiting;

/// What a [ResourceLoop] owns: a [Resource], or in tests a script.
public interface Machine {
  /// Applies one event at `nowNanos`, to completion.
  void step(long nowNanos, Event event, Effects out);

  /// When it wants an [Event.Tick]; Long.MAX_VALUE if never.
  long nextDeadlineNanos();

  StateResult mayOpen(int volume, Event.Access access);

  ResourceStatus status();

  /// The net options as they hold now.
  OptionValues net();

  /// What `resync-after` needs to know of its volumes.
  List<ResyncOrder.Member> resyncMembers();

  /// What it waits for, and what would end it.
  List<Waiting> why();

  /// Where a verify of that volume that was begun here has come to; empty if none runs.
  OptionalLong verifyReached(int volume);

  /// The split brain that a volume met last and has not outlived.
  Optional<SplitBrain> splitBrain(int volume);

  /// What a volume has marked as different from the peer, the lowest `max` ranges of it.
  List<SplitBrain.Range> changedRanges(int volume, int max);

  static Machine of(Resource resource) {
    return new OfResource(resource);
  }

  /// The real one.
  record OfResource(Resource resource) implements Machine {
    @Override
    public void step(long nowNanos, Event event, Effects out) {
      resource.step(nowNanos, event, out);
    }

    @Override
    public long nextDeadlineNanos() {
      return resource.nextDeadlineNanos();
    }

    @Override
    public StateResult mayOpen(int volume, Event.Access access) {
      return resource.mayOpen(volume, access);
    }

    @Override
    public ResourceStatus status() {
      return resource.status();
    }

    @Override
    public OptionValues net() {
      return resource.net();
    }

    @Override
    public List<ResyncOrder.Member> resyncMembers() {
      return resource.resyncMembers();
    }

    @Override
    public List<Waiting> why() {
      return resource.why();
    }

    @Override
    public Optional<SplitBrain> splitBrain(int volume) {
      return resource.splitBrain(volume);
    }

    @Override
    public List<SplitBrain.Range> changedRanges(int volume, int max) {
      return resource.changedRanges(volume, max);
    }

    @Override
    public OptionalLong verifyReached(int volume) {
      return resource.verifyReached(volume);
    }
  }
}
