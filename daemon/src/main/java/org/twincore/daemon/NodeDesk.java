package org.twincore.daemon;

import java.util.OptionalLong;
import java.util.function.Consumer;
import org.twincore.admin.AdminAnswer;
import org.twincore.admin.AdminAnswer.Kind;
import org.twincore.admin.AdminRequest;
import org.twincore.daemon.admin.AdminDesk;
import org.twincore.daemon.admin.Caller;
import org.twincore.daemon.resource.AddressText;
import org.twincore.daemon.resource.OptionText;
import org.twincore.daemon.resource.RefusedException;
import org.twincore.daemon.resource.ResourceAdmin;
import org.twincore.daemon.resource.UndoAdmin;
import org.twincore.daemon.resource.Wiring;
import org.twincore.drbd.config.Option;
import org.twincore.drbd.engine.exchange.AdminCommand;
import org.twincore.drbd.engine.exchange.AdminResult;

/// What each admin request means.
final class NodeDesk implements AdminDesk {
  private final NodeResources resources;
  private final NodeReports reports;
  private final StateHub hub;
  private final Node node;

  NodeDesk(NodeResources resources, NodeReports reports, StateHub hub, Node node) {
    this.resources = resources;
    this.reports = reports;
    this.hub = hub;
    this.node = node;
  }

  @Override
  public void stream(AdminRequest.Subscribe request, Caller caller, Consumer<AdminAnswer> lines) {
    new EventStream(request, lines).run(hub, resources, caller);
  }

  @Override
  public AdminAnswer answer(AdminRequest request, Caller caller) {
    try {
      return answerOrRefuse(request, caller);
    } catch (RefusedException refused) {
      return refused.answer();
    }
  }

  private AdminAnswer answerOrRefuse(AdminRequest request, Caller caller) throws RefusedException {
    return switch (request) {
      case AdminRequest.Hello() -> node.info();
      case AdminRequest.Status(var only) -> reports.status(only);
      case AdminRequest.Report report -> reports.report(report);
      case AdminRequest.Why why -> reports.why(why);
      case AdminRequest.Undo undo -> new UndoAdmin(resources.named(undo.resource())).answer(undo);
      case AdminRequest.Dossier dossier -> reports.dossier(dossier);
      case AdminRequest.VerifyReport report -> reports.verifyReport(report);
      case AdminRequest.Subscribe _ -> new AdminAnswer.Failed("subscribe is a stream");
      case AdminRequest.NewResource(String name, var options, var handlers) -> {
        resources.create(name, options, handlers);
        yield AdminAnswer.Result.DONE;
      }
      case AdminRequest.DeleteResource(String name) -> {
        resources.delete(name);
        yield AdminAnswer.Result.DONE;
      }
      case AdminRequest.NewMinor(String name, int minor, int volume) ->
          answer(resources.newMinor(name, minor, volume));
      case AdminRequest.Attach attach -> {
        NodeResources.Found found = resources.minor(attach.minor());
        resources.checkResyncAfter(attach.minor(), attach.options());
        yield answer(found.admin().attach(found.volume(), attach));
      }
      case AdminRequest.Detach(int minor, boolean force) -> {
        NodeResources.Found found = resources.minor(minor);
        yield answer(found.admin().detach(found.volume(), force));
      }
      case AdminRequest.Connect connect -> connect(connect);
      case AdminRequest.Disconnect(String name, boolean force) ->
          answer(admin(name).disconnect(force));
      case AdminRequest.Down(String name) -> answer(resources.down(name));
      case AdminRequest.Primary(int minor, boolean force) -> {
        NodeResources.Found found = resources.minor(minor);
        yield answer(found.admin().promote(found.volume(), force));
      }
      case AdminRequest.Change(AdminRequest.VolumeVerb verb, int minor) -> change(verb, minor);
      case AdminRequest.Verify(int minor, long start, long stop) ->
          command(minor, volume -> new AdminCommand.Verify(volume, given(start), given(stop)));
      case AdminRequest.Repair(int minor, AdminRequest.Side source) ->
          command(
              minor,
              volume ->
                  new AdminCommand.Repair(
                      volume,
                      switch (source) {
                        case LOCAL -> AdminCommand.Side.LOCAL;
                        case PEER -> AdminCommand.Side.PEER;
                      }));
      case AdminRequest.Resize resize -> {
        NodeResources.Found found = resources.minor(resize.minor());
        yield answer(found.admin().resize(found.volume(), resize));
      }
      case AdminRequest.NewCurrentUuid(int minor, boolean clearBitmap) ->
          command(minor, volume -> new AdminCommand.NewCurrentUuid(volume, clearBitmap));
      case AdminRequest.DiskOptions options -> {
        NodeResources.Found found = resources.minor(options.minor());
        resources.checkResyncAfter(options.minor(), options.options());
        yield answer(found.admin().diskOptions(found.volume(), options));
      }
      case AdminRequest.NetOptions options -> answer(admin(options.resource()).netOptions(options));
      case AdminRequest.ResourceOptions(String name, var options, var handlers, boolean set) ->
          answer(admin(name).resourceOptions(options, handlers, set));
      case AdminRequest.Await await ->
          new NodeWait(resources.named(await.resource()), await).run(caller);
      case AdminRequest.Shutdown() -> {
        node.requestStop("asked for at the admin socket");
        yield AdminAnswer.Result.DONE;
      }
    };
  }

  private AdminAnswer change(AdminRequest.VolumeVerb verb, int minor) throws RefusedException {
    return switch (verb) {
      case SECONDARY -> {
        NodeResources.Found found = resources.minor(minor);
        yield answer(found.admin().demote(found.volume()));
      }
      case INVALIDATE -> command(minor, AdminCommand.Invalidate::new);
      case INVALIDATE_REMOTE -> command(minor, AdminCommand.InvalidateRemote::new);
      case PAUSE_SYNC -> command(minor, AdminCommand.PauseSync::new);
      case RESUME_SYNC -> command(minor, AdminCommand.ResumeSync::new);
      case OUTDATE -> command(minor, AdminCommand.Outdate::new);
      case SUSPEND_IO -> command(minor, AdminCommand.SuspendIo::new);
      case RESUME_IO -> command(minor, AdminCommand.ResumeIo::new);
      case DELETE_MINOR -> {
        NodeResources.Found found = resources.minor(minor);
        yield answer(found.admin().deleteVolume(found.volume()));
      }
    };
  }

  private static OptionalLong given(long number) {
    return number < 0 ? OptionalLong.empty() : OptionalLong.of(number);
  }

  private interface Making {
    AdminCommand of(int volume);
  }

  private AdminAnswer command(int minor, Making command) throws RefusedException {
    NodeResources.Found found = resources.minor(minor);
    return answer(found.admin().change(command.of(found.volume().number())));
  }

  private AdminAnswer connect(AdminRequest.Connect request) throws RefusedException {
    ResourceAdmin admin = admin(request.resource());
    Wiring wanted =
        new Wiring(
            request.localAddress(),
            request.peerAddress(),
            AddressText.parse(request.localAddress()),
            AddressText.parse(request.peerAddress()),
            request.peerName(),
            request.nodeId(),
            OptionText.parse(Option.Section.NET, request.options()));
    resources.checkAddresses(request.resource(), wanted);
    return answer(admin.connect(wanted, request));
  }

  private ResourceAdmin admin(String name) throws RefusedException {
    return new ResourceAdmin(resources.named(name));
  }

  private static AdminAnswer answer(AdminResult result) {
    return switch (result) {
      case AdminResult.State(var state, String detail) ->
          new AdminAnswer.Result(
              Kind.STATE,
              state.code(),
              detail.isEmpty() ? state.text() : state.text() + "\n" + detail);
      case AdminResult.Config(int number, String text) ->
          new AdminAnswer.Result(Kind.CONFIG, number, text);
    };
  }
}
