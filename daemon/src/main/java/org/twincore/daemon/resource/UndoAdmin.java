package org.twincore.daemon.resource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;
import org.twincore.daemon.undo.UndoFolder;
import org.twincore.daemon.undo.UndoImage;
import org.twincore.daemon.undo.UndoList;
import org.twincore.daemon.undo.UndoRestore;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;
import org.twincore.drbd.engine.exchange.ResourceStatus.VolumeStatus;
import org.twincore.drbd.meta.undo.UndoContents;
import org.twincore.host.nbd.Exports;

/// `drbdadm undo-split-brain`: what admins do with the undo files of one resource (docs/undo.md).
public final class UndoAdmin {
  private static final int KIB = 1024;

  private final ResourceNode node;

  public UndoAdmin(ResourceNode node) {
    this.node = node;
  }

  /// Returns when it is done.
  public AdminAnswer answer(AdminRequest.Undo request) throws RefusedException {
    try {
      return switch (request.verb()) {
        case LIST -> list(request);
        case IMAGE -> image(the(request), request.file());
        case RESTORE -> restore(the(request));
        case STOP -> stop(request);
        case FORGET -> forget(request);
      };
    } catch (IOException failed) {
      throw refused(String.valueOf(failed.getMessage()));
    }
  }

  private static RefusedException refused(String why) {
    return new RefusedException(RefusedException.INVALID_REQUEST, why);
  }

  private List<VolumeNode> asked(AdminRequest.Undo request) {
    return node.volumes().stream()
        .filter(it -> request.volume() < 0 || it.number() == request.volume())
        .toList();
  }

  private VolumeNode the(AdminRequest.Undo request) throws RefusedException {
    List<VolumeNode> volumes = asked(request);
    if (volumes.size() != 1) {
      throw refused(node.name() + " has several volumes: name one, as " + node.name() + "/0");
    }
    return volumes.getFirst();
  }

  private List<UndoFolder.Found> files(VolumeNode volume) throws IOException {
    return node.undoFolder().of(node.name(), volume.number());
  }

  private static void close(List<UndoFolder.Found> files) throws IOException {
    for (UndoFolder.Found each : files) {
      each.close();
    }
  }

  private AdminAnswer list(AdminRequest.Undo request) throws IOException {
    List<UndoFolder.Found> files = new ArrayList<>();
    try {
      for (VolumeNode volume : asked(request)) {
        files.addAll(files(volume));
      }
      return new AdminAnswer.Text(
          switch (request.layout()) {
            case TEXT -> UndoList.text(node.name(), files);
            case JSON -> UndoList.json(node.name(), files);
          });
    } finally {
      close(files);
    }
  }

  // ---- image

  private AdminAnswer image(VolumeNode volume, String file) throws RefusedException, IOException {
    VolumeNode.Attached disk =
        volume
            .attached()
            .orElseThrow(() -> refused("the node has not had a disk of this volume: attach first"));
    try (UndoFolder.Found newest = newest(volume)) {
      UndoContents undo = newest.contents();
      if (undo.header().deviceUuid() != disk.disk().image().superblock().deviceUuid()) {
        throw refused("the undo file is of another disk than " + disk.wanted().data());
      }
      long laid = new UndoImage(disk.wanted().dataPath(), undo).write(Path.of(file));
      return new AdminAnswer.Text(
          """
          %s: the disk of %s/%d as it was at the split brain of %s.
          %d KiB are from the undo file, the rest from %s as it is now.
          Undo file: %s.
          """
              .formatted(
                  file,
                  node.name(),
                  volume.number(),
                  UndoList.time(undo.header().createdMillis()),
                  laid / KIB,
                  disk.wanted().data(),
                  UndoList.state(undo)));
    }
  }

  /// To be closed.
  private UndoFolder.Found newest(VolumeNode volume) throws RefusedException, IOException {
    UndoFolder.Found newest =
        node.undoFolder()
            .newest(node.name(), volume.number())
            .orElseThrow(
                () -> refused("no undo file: this node has not lost a split brain that is known"));
    if (newest.contents().damagedAt().isPresent()) {
      newest.close();
      throw refused(newest.path() + ": " + UndoList.state(newest.contents()));
    }
    return newest;
  }

  // ---- restore

  /// The device is taken away meanwhile: nobody may use what is written beneath him.
  private AdminAnswer restore(VolumeNode volume) throws RefusedException, IOException {
    try (UndoFolder.Found newest = newest(volume)) {
      UndoContents undo = newest.contents();
      if (undo.end() == UndoContents.End.OPEN) {
        throw refused("the resync still goes on; restore when it is over");
      }
      long[] bytes = new long[1];
      AdminResult result =
          volume
              .device()
              .whileHidden(() -> {
                bytes[0] = restore(volume, undo);
                return AdminResult.OK;
              });
      if (!result.isSuccess()) {
        throw refused("somebody has the device open");
      }
      return new AdminAnswer.Text(
          "%d KiB were written back to %s/%d, on both nodes. Undo file: %s.%n"
              .formatted(bytes[0] / KIB, node.name(), volume.number(), UndoList.state(undo)));
    } catch (Failed failed) {
      throw failed.io;
    }
  }

  /// An [IOException] on its way through a change.
  private static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient IOException io;

    Failed(IOException io) {
      super(io);
      this.io = io;
    }
  }

  private long restore(VolumeNode volume, UndoContents undo) throws RefusedException {
    int openers =
        node.reported().status().volumes().stream()
            .filter(it -> it.volume() == volume.number())
            .mapToInt(VolumeStatus::openers)
            .findFirst()
            .orElse(0);
    if (openers > 0) {
      throw refused("somebody has the volume open; unmount it, and disconnect NBD clients");
    }
    switch (node.open(volume)) {
      case Exports.NotOpened(var refusal) -> throw refused(refusal.message());
      case Exports.Opened(var info, var target) -> {
        try {
          if (info.isReadOnly()) {
            throw refused("the volume is Secondary here: primary first");
          }
          return new UndoRestore(target, undo).run();
        } catch (IOException failed) {
          throw new Failed(failed);
        } finally {
          target.close();
        }
      }
    }
  }

  // ---- the end of an undo

  private AdminAnswer stop(AdminRequest.Undo request) throws RefusedException {
    AdminResult last = AdminResult.OK;
    for (VolumeNode volume : asked(request)) {
      last = node.command(new AdminCommand.StopUndo(volume.number()));
    }
    if (!last.isSuccess()) {
      throw refused("no resync of a split brain is saving anything");
    }
    return new AdminAnswer.Text("The resync goes on; what it overwrites is lost.\n");
  }

  private AdminAnswer forget(AdminRequest.Undo request) throws IOException {
    int removed = 0;
    StringBuilder kept = new StringBuilder();
    for (VolumeNode volume : asked(request)) {
      List<UndoFolder.Found> files = files(volume);
      try {
        for (UndoFolder.Found each : files) {
          boolean isNewest = each == files.getFirst();
          if (isNewest && each.contents().end() == UndoContents.End.OPEN) {
            kept.append(each.path()).append(" is kept: the resync goes on\n");
          } else {
            Files.delete(each.path());
            removed++;
          }
        }
      } finally {
        close(files);
      }
    }
    return new AdminAnswer.Text(removed + " undo files removed\n" + kept);
  }
}
