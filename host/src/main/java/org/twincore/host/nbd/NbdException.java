package org.twincore.host.nbd;

import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.twincore.nbd.NbdError;

/// A request failed, or the connection did.
public final class NbdException extends IOException {
  private static final long serialVersionUID = 1L;

  private final @Nullable NbdError error;

  NbdException(@Nullable NbdError error, String message) {
    super(error == null ? message : error + (message.isEmpty() ? "" : ": " + message));
    this.error = error;
  }

  /// The server's answer. Empty: the connection is lost and nobody knows whether the request was
  /// carried out.
  public Optional<NbdError> error() {
    return Optional.ofNullable(error);
  }
}
