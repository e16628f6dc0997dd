package org.twincore.drbd.engine.state;

import java.util.Optional;
import org.twincore.drbd.ReplicationProtocol;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.config.OptionValues;
import org.twincore.drbd.wire.DigestAlgorithm;
import org.twincore.drbd.wire.Features;
import org.twincore.drbd.wire.Since;

/// What holds between this node and its peer: the net options, and what the present connection
/// agreed on. One a resource; `PeerLink` changes it, everybody reads it.
public final class Peering {
  private OptionValues net = OptionValues.DEFAULTS;
  private boolean configured;
  private Features.Agreement agreement = new Features.Agreement(Features.PROTOCOL_MAX, 0);
  private boolean resolveConflicts;
  private Optional<DigestAlgorithm> expectedDigest = Optional.empty();
  private boolean discardsMyData;
  private int link;

  public OptionValues net() {
    return net;
  }

  /// Whether there is a network configuration at all.
  public boolean isConfigured() {
    return configured;
  }

  public void configure(OptionValues options) {
    net = options;
    configured = true;
  }

  public void unconfigure() {
    configured = false;
  }

  /// Whether the admin gave up this node's data, should it turn out to be split from the peer's:
  /// `connect --discard-my-data`.
  public boolean discardsMyData() {
    return discardsMyData;
  }

  /// Holds until the nodes have met, the connection is given up, or this node becomes Primary: what
  /// it writes from then on was not meant.
  public void discardMyData(boolean discards) {
    discardsMyData = discards;
  }

  public ReplicationProtocol protocol() {
    return ReplicationProtocol.valueOf(net.word(Option.PROTOCOL));
  }

  /// `verify-alg`; what is not known here was refused before.
  public DigestAlgorithm verifyDigest() {
    return DigestAlgorithm.ofName(net.word(Option.VERIFY_ALG)).orElse(DigestAlgorithm.SHA1);
  }

  /// `data-integrity-alg`; what is not known here was refused before.
  public Optional<DigestAlgorithm> integrityDigest() {
    return DigestAlgorithm.ofName(net.word(Option.DATA_INTEGRITY_ALG));
  }

  /// With what the peer seals its data, as it said last.
  public Optional<DigestAlgorithm> expectedDigest() {
    return expectedDigest;
  }

  public void expectDigest(Optional<DigestAlgorithm> digest) {
    expectedDigest = digest;
  }

  /// `csums-alg`.
  public Optional<DigestAlgorithm> csumsDigest() {
    return DigestAlgorithm.ofName(net.word(Option.CSUMS_ALG));
  }

  /// A new connection: its number tells late answers of an old one apart.
  public void connected(Features.Agreement agreed, boolean resolves) {
    agreement = agreed;
    resolveConflicts = resolves;
    link++;
  }

  /// The number of the present, or if there is none the last, connection.
  public int link() {
    return link;
  }

  /// The connection is gone; answers that belong to it find another number.
  public void lost() {
    link++;
  }

  public int version() {
    return agreement.version();
  }

  public boolean has(int feature) {
    return agreement.has(feature);
  }

  /// Whether the agreed version has it.
  public boolean has(Since since) {
    return agreement.has(since);
  }

  public Features.Agreement agreement() {
    return agreement;
  }

  /// Set on the node that accepted the meta socket.
  public boolean resolvesConflicts() {
    return resolveConflicts;
  }
}
