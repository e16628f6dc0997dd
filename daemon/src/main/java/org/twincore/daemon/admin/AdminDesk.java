package org.twincore.daemon.admin;

import java.util.function.Consumer;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminRequest;

/// Who answers what comes in at the admin socket; called from one virtual thread a client.
public interface AdminDesk {
  /// The answer; may take as long as it needs, but should end when the caller is gone.
  AdminAnswer answer(AdminRequest request, Caller caller);

  /// The lines of a subscription, until it is over or the caller is gone.
  void stream(AdminRequest.Subscribe request, Caller caller, Consumer<AdminAnswer> lines);
}
