package org.twincore.drbd.engine.request;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.twincore.drbd.Extent;
import org.twincore.drbd.engine.state.ExtentGate;

/// The gate of one volume, in the order of arrival: an extent waits for every earlier one that
/// overlaps it, whether that one is inside or waits itself.
public final class WriteGate implements ExtentGate {
  private final IntervalSet<Place> inside = new IntervalSet<>();
  private final Set<Place> waiting = new LinkedHashSet<>();

  private static final class Place implements Ticket {
    private final Extent extent;
    private final Consumer<Ticket> go;
    private IntervalSet.@Nullable Entry<Place> entry;

    private Place(Extent extent, Consumer<Ticket> go) {
      this.extent = extent;
      this.go = go;
    }

    @Override
    public Extent extent() {
      return extent;
    }
  }

  @Override
  public Ticket enter(Extent extent, Consumer<Ticket> go) {
    Place place = new Place(extent, go);
    if (mayEnter(place, waiting)) {
      admit(place);
    } else {
      waiting.add(place);
    }
    return place;
  }

  @Override
  public void leave(Ticket ticket) {
    Place place = (Place) ticket;
    if (place.entry == null) {
      waiting.remove(place);
    } else {
      inside.remove(place.entry);
      place.entry = null;
    }
    if (!waiting.isEmpty()) {
      letIn();
    }
  }

  /// True if a write that is inside overlaps.
  public boolean isOccupied(Extent extent) {
    return inside.overlaps(extent);
  }

  private void letIn() {
    List<Place> earlier = new ArrayList<>();
    for (Place place : List.copyOf(waiting)) {
      if (!waiting.contains(place)) {
        continue;
      }
      if (mayEnter(place, earlier)) {
        waiting.remove(place);
        admit(place);
      } else {
        earlier.add(place);
      }
    }
  }

  private boolean mayEnter(Place place, Iterable<Place> earlier) {
    if (inside.overlaps(place.extent)) {
      return false;
    }
    for (Place other : earlier) {
      if (other.extent.overlaps(place.extent)) {
        return false;
      }
    }
    return true;
  }

  private void admit(Place place) {
    place.entry = inside.add(place.extent, place);
    place.go.accept(place);
  }
}
