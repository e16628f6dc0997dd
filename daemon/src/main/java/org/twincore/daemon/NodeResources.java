package org.twincore.daemon;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.twincore.daemon.loop.Machine;
import org.twincore.daemon.resource.OptionText;
import org.twincore.daemon.resource.RefusedException;
import org.twincore.daemon.resource.ResourceAdmin;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.resource.VolumeNode;
import org.twincore.daemon.resource.Wiring;
import org.twincore.drbd.ConnectionState;
import org.twincore.drbd.VolumeNumber;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.ResyncOrder;
import org.twincore.drbd.engine.exchange.AdminResult;

/// The resources of a node by name, and their volumes by minor.
public final class NodeResources {
  private static final int RESOURCES_MAX = 256;

  /// The kernel's MINORMASK.
  private static final int MINOR_MAX = (1 << 20) - 1;

  /// DRBD's limit for names, and what a path or an export name can carry.
  private static final String NAME = "[A-Za-z0-9_.+][A-Za-z0-9_.+:-]{0,126}";

  private final ResourceNode.Shared shared;
  private final TreeMap<String, ResourceNode> byName = new TreeMap<>();
  private boolean isClosed;

  NodeResources(ResourceNode.Shared shared) {
    this.shared = shared;
  }

  /// A volume with its resource.
  public record Found(ResourceNode resource, VolumeNode volume) {
    ResourceAdmin admin() {
      return new ResourceAdmin(resource);
    }
  }

  public synchronized List<ResourceNode> all() {
    return List.copyOf(byName.values());
  }

  public synchronized ResourceNode named(String name) throws RefusedException {
    return find(name)
        .orElseThrow(
            () -> new RefusedException(RefusedException.RESOURCE_UNKNOWN, "No such resource"));
  }

  public synchronized Optional<ResourceNode> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  public synchronized Found minor(int minor) throws RefusedException {
    for (ResourceNode resource : byName.values()) {
      for (VolumeNode volume : resource.volumes()) {
        if (volume.minor() == minor) {
          return new Found(resource, volume);
        }
      }
    }
    throw new RefusedException(
        RefusedException.MINOR_UNKNOWN, "minor " + minor + " is not configured");
  }

  synchronized void create(String name, Map<String, String> options, Map<String, String> handlers)
      throws RefusedException {
    if (isClosed || byName.size() >= RESOURCES_MAX) {
      throw RefusedException.nonsense(
          isClosed ? "the node is stopping" : "more than " + RESOURCES_MAX + " resources");
    }
    if (!name.matches(NAME)) {
      throw RefusedException.nonsense("'" + name + "' is no name for a resource");
    }
    if (byName.containsKey(name)) {
      throw new RefusedException(
          RefusedException.RESOURCE_IN_USE, "resource " + name + " is there already");
    }
    ResourceNode resource =
        new ResourceNode(name, OptionText.parse(Option.Section.OPTIONS, options), handlers, shared);
    byName.put(name, resource);
    resource.publish();
  }

  /// The lock of the whole registry is held meanwhile: a minor is given once.
  synchronized AdminResult newMinor(String name, int minor, int volume) throws RefusedException {
    ResourceNode resource = named(name);
    if (minor < 0 || minor > MINOR_MAX || volume < 0 || volume > VolumeNumber.LARGEST) {
      throw new RefusedException(
          RefusedException.INVALID_REQUEST, "minor " + minor + ", volume " + volume);
    }
    for (ResourceNode other : byName.values()) {
      for (VolumeNode taken : other.volumes()) {
        if (taken.minor() == minor) {
          throw new RefusedException(
              RefusedException.MINOR_OR_VOLUME_EXISTS,
              "minor " + minor + " is " + other.name() + "/" + taken.number());
        }
      }
    }
    return new ResourceAdmin(resource).newVolume(volume, minor);
  }

  /// Only a resource that consists of nothing.
  void delete(String name) throws RefusedException {
    ResourceNode resource = named(name);
    boolean isConnected = resource.reported().status().connection() != ConnectionState.STAND_ALONE;
    if (isConnected || !resource.volumes().isEmpty()) {
      throw new RefusedException(
          RefusedException.RESOURCE_IN_USE,
          name + (isConnected ? " has a connection" : " has volumes"));
    }
    new ResourceAdmin(resource).forget();
    forget(resource);
  }

  AdminResult down(String name) throws RefusedException {
    ResourceNode resource = named(name);
    AdminResult result = new ResourceAdmin(resource).down();
    if (result.isSuccess()) {
      forget(resource);
    }
    return result;
  }

  private synchronized void forget(ResourceNode resource) {
    byName.remove(resource.name(), resource);
  }

  /// No two links of a node may share an end: neither would know whose packets come. Nor may both
  /// ends of a link be this node's.
  synchronized void checkAddresses(String name, Wiring wanted) throws RefusedException {
    if (wanted.local().equals(wanted.peer())) {
      throw new RefusedException(
          RefusedException.PEER_ADDRESS_IN_USE,
          "Peer address " + wanted.peerText() + " is this node's own; see the `address` lines");
    }
    for (ResourceNode other : byName.values()) {
      Optional<Wiring> taken = other.wiring();
      boolean isInUse =
          !other.name().equals(name)
              && taken.isPresent()
              && other.reported().status().connection() != ConnectionState.STAND_ALONE;
      if (isInUse && taken.get().local().equals(wanted.local())) {
        throw new RefusedException(
            RefusedException.LOCAL_ADDRESS_IN_USE,
            "Local address " + wanted.localText() + " is in use by " + other.name());
      }
      if (isInUse && taken.get().peer().equals(wanted.peer())) {
        throw new RefusedException(
            RefusedException.PEER_ADDRESS_IN_USE,
            "Peer address " + wanted.peerText() + " is in use by " + other.name());
      }
    }
  }

  /// The disk options must not make a resync wait for itself (`drbd_resync_after_valid`).
  void checkResyncAfter(int minor, Map<String, String> options) throws RefusedException {
    String text = options.getOrDefault(Option.RESYNC_AFTER.word(), "");
    if (text.isEmpty() || text.equals("-1")) {
      return;
    }
    if (!text.matches("[0-9]{1,7}") || Integer.parseInt(text) > MINOR_MAX) {
      throw new RefusedException(
          RefusedException.RESYNC_AFTER_INVALID, "resync-after " + text + " is no minor");
    }
    List<ResyncOrder.Member> members = new ArrayList<>();
    for (ResourceNode resource : all()) {
      members.addAll(resource.loop().ask(Machine::resyncMembers));
    }
    if (ResyncOrder.isCycle(minor, Integer.parseInt(text), members)) {
      throw new RefusedException(
          RefusedException.RESYNC_AFTER_CYCLE,
          "with resync-after " + text + " minor " + minor + " would wait for itself");
    }
  }

  /// No new resource from here on.
  synchronized void close() {
    isClosed = true;
  }
}
