package org.twincore.daemon;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminVersion;
import org.twincore.admin.NodePaths;
import org.twincore.admin.settings.NodeSettings;
import org.twincore.admin.settings.NodeSettings.NbdSecondary;
import org.twincore.admin.settings.NodeSettings.StatusStyle;
import org.twincore.daemon.admin.AdminServer;
import org.twincore.daemon.device.Devices;
import org.twincore.daemon.loop.Timers;
import org.twincore.daemon.nbd.NbdExports;
import org.twincore.daemon.resource.Handlers;
import org.twincore.daemon.resource.ResourceNode;
import org.twincore.daemon.undo.UndoFolder;
import org.twincore.daemon.verify.VerifyBooks;
import org.twincore.daemon.verify.VerifyCalendar;
import org.twincore.daemon.verify.VerifySchedule;
import org.twincore.drbd.engine.exchange.EpochEnd;
import org.twincore.host.blockdev.DeviceWay;
import org.twincore.host.disk.DiskAccess;
import org.twincore.host.disk.KnownDisks;
import org.twincore.host.nbd.NbdAddress;
import org.twincore.host.nbd.NbdListener;
import org.twincore.host.nbd.NbdSettings;
import org.twincore.host.net.TlsFiles;
import org.twincore.host.net.Wrapping;

/// One node, put together by hand: resources, NBD, the admin socket.
public final class Node {
  private static EpochEnd epochs(NodeSettings settings) {
    return switch (settings.epochs()) {
      case FLUSH -> EpochEnd.FLUSH;
      case COMPLETION -> EpochEnd.COMPLETION;
    };
  }

  private static DiskAccess diskAccess(NodeSettings settings) {
    return switch (settings.diskIo()) {
      case BUFFERED -> DiskAccess.BUFFERED;
      case DIRECT -> DiskAccess.DIRECT;
    };
  }

  private static DeviceWay deviceWay(NodeSettings settings) {
    return switch (settings.deviceBy()) {
      case FUSE -> DeviceWay.FUSE;
      case NBD -> DeviceWay.NBD;
    };
  }

  /// The files of TLS are tried here, so that a node does not start with a key that it cannot use.
  private static Wrapping wrapping(NodeSettings settings) throws IOException {
    Optional<TlsFiles> tls =
        settings
            .tls()
            .map(files ->
                new TlsFiles(
                    Path.of(files.certificate()),
                    Path.of(files.key()),
                    Path.of(files.authorities()),
                    files.peer()));
    if (tls.isPresent()) {
      tls.get().check();
    }
    return new Wrapping(tls, settings.compression() == NodeSettings.Compression.LZ4);
  }

  private static final Logger LOG = System.getLogger("org.twincore.node");

  private final String name;
  private final Instant started = Instant.now();
  private final NodeLock lock;
  private final Timers timers = new Timers();
  private final StateHub hub = new StateHub();
  private final ResyncTurns resyncTurns = new ResyncTurns(hub);
  private final ScheduledVerifies verifies;
  private final NodeResources resources;
  private final NbdListener nbd;
  private final List<String> nbdUris = new ArrayList<>();
  private final AdminServer admin;
  private final CountDownLatch stopAsked = new CountDownLatch(1);

  /// Starts a node; the addresses and the socket are open on return. Fails if one of that name runs
  /// already, or an address cannot be had.
  public Node(String name, NodeFolders folders, NodeSettings settings) throws IOException {
    this.name = name;
    this.lock = NodeLock.take(folders.run(), name);
    NbdExports exports = new NbdExports(settings.nbdSecondary() == NbdSecondary.READ_ONLY);
    Devices devices = devices(folders, settings);
    this.verifies = verifies(name, folders, settings);
    this.resources =
        new NodeResources(
            new ResourceNode.Shared(
                timers,
                exports,
                devices,
                verifies,
                new SecureRandom(),
                folders.state(),
                epochs(settings),
                settings.protocolMax(),
                diskAccess(settings),
                wrapping(settings),
                new Handlers.Surroundings(name, folders.run(), settings.handlerTimeout()),
                new KnownDisks(knownDisks(folders)),
                undo(name, folders, settings)));
    resyncTurns.start(resources::all);
    verifies.start(resources::all);
    this.nbd = new NbdListener(exports, NbdSettings.standard());
    StatusStyle style = settings.statusStyle();
    NodeReports reports = new NodeReports(resources, verifies, style, name, started);
    try {
      for (String address : settings.nbdListen()) {
        nbdUris.add(uri(nbd.listen(NbdAddress.parse(address))));
      }
      this.admin =
          AdminServer.open(
              NodePaths.adminSocket(folders.run(), name),
              new NodeDesk(resources, reports, hub, this));
    } catch (IOException | IllegalArgumentException failed) {
      resyncTurns.close();
      verifies.close();
      nbd.close();
      timers.close();
      lock.close();
      throw new IOException(failed.getMessage(), failed);
    }
    LOG.log(
        Level.INFO,
        "node={0} pid={1} version={2} started",
        name,
        Long.toString(pid()),
        AdminVersion.OWN.program());
  }

  private ScheduledVerifies verifies(String own, NodeFolders folders, NodeSettings settings) {
    VerifySchedule schedule = new VerifySchedule(settings.verify(), ZoneId.systemDefault());
    VerifyCalendar calendar =
        new VerifyCalendar(schedule, new VerifyBooks(folders.state().resolve(own)));
    return new ScheduledVerifies(resyncTurns, calendar, own, InstantSource.system());
  }

  /// Where nothing is said: under /dev for the node that root runs in its usual place, none for one
  /// beside it. Its own files lie in a folder that the lock of the node's name guards.
  private Devices devices(NodeFolders folders, NodeSettings settings) {
    Path files = folders.run().resolve(name + ".devices");
    DeviceWay way = deviceWay(settings);
    Optional<String> said = settings.deviceFolder();
    if (said.isEmpty()) {
      boolean isUsualPlace = folders.run().equals(NodePaths.ROOT_FOLDER);
      return isUsualPlace ? Devices.open(files, Path.of("/dev"), way) : Devices.none();
    }
    return said.get().equals("none")
        ? Devices.none()
        : Devices.open(files, Path.of(said.get()), way);
  }

  /// Shared with drbdmeta for the node that root runs in its usual place, the node's own otherwise.
  private Path knownDisks(NodeFolders folders) {
    return folders.run().equals(NodePaths.ROOT_FOLDER)
        ? NodePaths.KNOWN_DISKS
        : folders.state().resolve(name);
  }

  /// Each node in a folder of its own: several may share the state folder.
  private static UndoFolder undo(String name, NodeFolders folders, NodeSettings settings) {
    Path path =
        settings
            .undo()
            .folder()
            .map(Path::of)
            .orElseGet(() -> folders.state().resolve(name + ".undo"));
    return new UndoFolder(path, settings.undo().limitBytes(), settings.undo().isOn());
  }

  private static String uri(SocketAddress address) {
    return address instanceof UnixDomainSocketAddress unix
        ? "nbd+unix:///?socket=" + unix.getPath()
        : "nbd:/" + (address.toString().startsWith("/") ? "" : "/") + address;
  }

  private static long pid() {
    return ProcessHandle.current().pid();
  }

  public NodeResources resources() {
    return resources;
  }

  NbdListener nbd() {
    return nbd;
  }

  AdminAnswer.Info info() {
    return new AdminAnswer.Info(name, AdminVersion.OWN, pid(), started.toEpochMilli(), nbdUris);
  }

  /// Somebody wants the node to stop; [#awaitStop] returns.
  public void requestStop(String why) {
    if (stopAsked.getCount() > 0) {
      LOG.log(Level.INFO, "node={0} stopping: {1}", name, why);
    }
    stopAsked.countDown();
  }

  public void awaitStop() throws InterruptedException {
    stopAsked.await();
  }

  /// Stops: no new I/O, everything flushed, demoted and detached within the given time. False if
  /// something was left in use; the process should end all the same.
  public boolean stop(long nanos) {
    boolean isClean = new NodeStop(this, System.nanoTime() + nanos).run();
    resyncTurns.close();
    verifies.close();
    hub.stopAll();
    admin.close();
    nbd.close();
    timers.close();
    try {
      lock.close();
    } catch (IOException failed) {
      LOG.log(Level.WARNING, "node={0} lock: {1}", name, failed.getMessage());
    }
    LOG.log(Level.INFO, "node={0} stopped{1}", name, isClean ? "" : ", not cleanly");
    return isClean;
  }
}
