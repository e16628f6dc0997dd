package org.twincore.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.twincore.cli.local.LocalCluster;

/// The servers of others that the nodes are measured beside, each with files of its own, all on
/// Unix sockets.
final class Peers {
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final long MIRROR_NANOS = TimeUnit.SECONDS.toNanos(300);
  private static final long PAUSE_MILLIS = 20;

  private final Children children;
  private final Path folder;
  private final long sizeBytes;

  Peers(Children children, Path folder, long sizeBytes) {
    this.children = children;
    this.folder = folder;
    this.sizeBytes = sizeBytes;
  }

  /// How QEMU says it.
  enum Cache {
    BUFFERED(Access.BUFFERED, "writeback", "threads", "off"),
    DIRECT(Access.DIRECT, "none", "native", "on");

    private final Access access;
    private final String qemuNbd;
    private final String aio;
    private final String direct;

    Cache(Access access, String qemuNbd, String aio, String direct) {
      this.access = access;
      this.qemuNbd = qemuNbd;
      this.aio = aio;
      this.direct = direct;
    }
  }

  /// nbdkit's file plugin: no replica, and no way past the page cache.
  Target nbdkit() throws IOException {
    Path disk = disk("nbdkit");
    Path socket = socket("nbdkit");
    Process process =
        children.start(
            "nbdkit", List.of("nbdkit", "-f", "-U", socket.toString(), "file", disk.toString()));
    awaitSocket(socket, process, "nbdkit");
    return new Target(
        "nbdkit file",
        "no replica",
        Access.BUFFERED,
        "",
        socket,
        List.of(disk),
        List.of(process.pid()));
  }

  /// qemu-nbd: no replica.
  Target qemuNbd(Cache cache) throws IOException {
    String name = "qemu-nbd-" + cache.qemuNbd;
    Path disk = disk(name);
    Process process = serveByQemuNbd(name, disk, cache);
    return new Target(
        "qemu-nbd cache=" + cache.qemuNbd,
        "no replica, aio=" + cache.aio,
        cache.access,
        "disk",
        socket(name),
        List.of(disk),
        List.of(process.pid()));
  }

  private Process serveByQemuNbd(String name, Path disk, Cache cache) throws IOException {
    Process process =
        children.start(
            name,
            List.of(
                "qemu-nbd",
                "--format=raw",
                "--socket=" + socket(name),
                "--export-name=disk",
                "--persistent",
                "--shared=0",
                "--cache=" + cache.qemuNbd,
                "--aio=" + cache.aio,
                disk.toString()));
    awaitSocket(socket(name), process, name);
    return process;
  }

  /// qemu-storage-daemon whose writes return when a second server, a qemu-nbd, has them too.
  Target mirror(Cache cache) throws IOException {
    String name = "mirror-" + cache.qemuNbd;
    String replicaName = name + "-replica";
    Path primary = disk(name);
    Path replica = disk(replicaName);
    Process second = serveByQemuNbd(replicaName, replica, cache);
    Process first = children.start(name, storageDaemon(name, primary, replicaName, cache));
    awaitSocket(monitor(name), first, name);
    awaitSocket(socket(name), first, name);
    startMirroring(monitor(name));
    return new Target(
        "qemu mirror cache=" + cache.qemuNbd,
        "replicated, write-blocking",
        cache.access,
        "disk",
        socket(name),
        List.of(primary, replica),
        List.of(first.pid(), second.pid()));
  }

  private List<String> storageDaemon(String name, Path primary, String replica, Cache cache) {
    List<String> command = new ArrayList<>(List.of("qemu-storage-daemon"));
    command.addAll(
        List.of(
            "--blockdev",
            "driver=file,node-name=file,filename=%s,cache.direct=%s,aio=%s"
                .formatted(primary, cache.direct, cache.aio)));
    command.addAll(List.of("--blockdev", "driver=raw,node-name=primary,file=file"));
    command.addAll(
        List.of(
            "--blockdev",
            "driver=nbd,node-name=replica,export=disk,server.type=unix,server.path="
                + socket(replica)));
    command.addAll(List.of("--chardev", "socket,id=m,server=on,wait=off,path=" + monitor(name)));
    command.addAll(List.of("--monitor", "chardev=m"));
    command.addAll(
        List.of("--nbd-server", "addr.type=unix,max-connections=0,addr.path=" + socket(name)));
    command.addAll(List.of("--export", "type=nbd,id=e,node-name=primary,writable=on,name=disk"));
    return command;
  }

  private static void startMirroring(Path monitor) throws IOException {
    try (QemuMonitor qemu = new QemuMonitor(monitor)) {
      qemu.ask(
          """
          {"execute": "blockdev-mirror", "arguments": {"job-id": "m", "device": "primary", \
          "target": "replica", "sync": "full", "copy-mode": "write-blocking"}}\
          """);
      long until = System.nanoTime() + MIRROR_NANOS;
      while (true) {
        JsonTree jobs = qemu.ask("{\"execute\": \"query-jobs\"}");
        if (jobs.size() == 1 && jobs.at(0).at("status").text().equals("ready")) {
          return;
        }
        if (jobs.size() == 0 || System.nanoTime() > until) {
          throw new IOException("the mirror does not get ready: " + jobs.text());
        }
        LocalCluster.pause(PAUSE_MILLIS);
      }
    }
  }

  private Path disk(String name) throws IOException {
    Path file = folder.resolve(name + ".disk");
    DiskFiles.fill(file, sizeBytes);
    return file;
  }

  private Path socket(String name) {
    return folder.resolve(name + ".nbd");
  }

  private Path monitor(String name) {
    return folder.resolve(name + ".qmp");
  }

  private void awaitSocket(Path socket, Process process, String name) throws IOException {
    long until = System.nanoTime() + START_NANOS;
    while (!Files.exists(socket)) {
      if (!process.isAlive() || System.nanoTime() > until) {
        throw new IOException(name + " did not start:\n" + Files.readString(children.log(name)));
      }
      LocalCluster.pause(PAUSE_MILLIS);
    }
  }
}
