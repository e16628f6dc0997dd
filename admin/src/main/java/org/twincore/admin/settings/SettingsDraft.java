package org.twincore.admin.settings;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.twincore.admin.settings.NodeSettings.Compression;
import org.twincore.admin.settings.NodeSettings.DeviceBy;
import org.twincore.admin.settings.NodeSettings.DiskIo;
import org.twincore.admin.settings.NodeSettings.Epochs;
import org.twincore.admin.settings.NodeSettings.NbdSecondary;
import org.twincore.admin.settings.NodeSettings.StatusStyle;

/// Settings while a file is read: the defaults, and what the lines so far have changed.
final class SettingsDraft {
  private static final NodeSettings FROM = NodeSettings.DEFAULTS;

  List<String> nbdListen = FROM.nbdListen();
  NbdSecondary nbdSecondary = FROM.nbdSecondary();
  StatusStyle statusStyle = FROM.statusStyle();
  Optional<String> logFile = FROM.logFile();
  long logMaxBytes = FROM.logMaxBytes();
  int logKeep = FROM.logKeep();
  Optional<String> stateFolder = FROM.stateFolder();
  Optional<String> deviceFolder = FROM.deviceFolder();
  DeviceBy deviceBy = FROM.deviceBy();
  Epochs epochs = FROM.epochs();
  DiskIo diskIo = FROM.diskIo();
  Optional<String> tlsCertificate = Optional.empty();
  Optional<String> tlsKey = Optional.empty();
  Optional<String> tlsAuthorities = Optional.empty();
  Optional<String> tlsPeer = Optional.empty();
  Compression compression = FROM.compression();
  boolean isUndoOn = FROM.undo().isOn();
  long undoLimitBytes = FROM.undo().limitBytes();
  Optional<String> undoFolder = FROM.undo().folder();
  Duration handlerTimeout = FROM.handlerTimeout();
  int protocolMax = FROM.protocolMax();
  VerifyTimes verify = FROM.verify();
  String adjustCommand = FROM.adjustCommand();

  /// One line of the file, understood.
  interface Change {
    void in(SettingsDraft draft);
  }

  /// Which of the three files is missing beside others that are named; empty if all is well.
  Optional<String> missingForTls() {
    boolean isWanted =
        tlsCertificate.isPresent()
            || tlsKey.isPresent()
            || tlsAuthorities.isPresent()
            || tlsPeer.isPresent();
    if (!isWanted || tls().isPresent()) {
      return Optional.empty();
    }
    if (tlsCertificate.isEmpty()) {
      return Optional.of("tls-certificate");
    }
    return Optional.of(tlsKey.isEmpty() ? "tls-key" : "tls-ca");
  }

  private Optional<NodeSettings.Tls> tls() {
    if (tlsCertificate.isEmpty() || tlsKey.isEmpty() || tlsAuthorities.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new NodeSettings.Tls(tlsCertificate.get(), tlsKey.get(), tlsAuthorities.get(), tlsPeer));
  }

  NodeSettings settings() {
    return new NodeSettings(
        nbdListen,
        nbdSecondary,
        statusStyle,
        logFile,
        logMaxBytes,
        logKeep,
        stateFolder,
        deviceFolder,
        deviceBy,
        epochs,
        diskIo,
        tls(),
        compression,
        new NodeSettings.Undo(isUndoOn, undoLimitBytes, undoFolder),
        handlerTimeout,
        protocolMax,
        verify,
        adjustCommand);
  }
}
