package org.twincore.drbd.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.twincore.drbd.config.Statement.Section;
import org.twincore.drbd.config.Token.Kind;

/// Reads volumes, disks, devices and addresses; each method's keyword is already taken.
final class VolumeParser {
  private static final int PORT_MAX = 65535;
  private static final String DEVICE_PREFIX = "/dev/drbd";
  private static final String OLD_DEVICE_PREFIX = "/dev/nb";

  private final TokenStream tokens;
  private final Findings findings;

  VolumeParser(TokenStream tokens) {
    this.tokens = tokens;
    this.findings = tokens.findings();
  }

  Statement.Volume volume(Token word) throws ConfigException {
    int number = plainNumber(tokens.expectInteger());
    tokens.expect('{');
    OptionParser options = new OptionParser(tokens);
    List<Statement> body = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      Token statement = tokens.next();
      if (statement.isKeyword("disk")) {
        body.addAll(diskOrOptions(statement, options));
      } else if (statement.isKeyword("device")) {
        device(statement).ifPresent(body::add);
      } else if (statement.isKeyword("meta-disk") || statement.isKeyword("flexible-meta-disk")) {
        body.add(metaDisk(statement));
      } else {
        throw tokens.unexpected(statement, "device | disk | meta-disk | flexible-meta-disk | }");
      }
    }
    tokens.next();
    return new Statement.Volume(word.at(), number, List.copyOf(body));
  }

  Statement.Volume stackedVolume(Token word) throws ConfigException {
    int number = plainNumber(tokens.expectInteger());
    tokens.expect('{');
    Token device = tokens.next();
    if (!device.isKeyword("device")) {
      throw tokens.unexpected(device, "device");
    }
    List<Statement> body = List.copyOf(device(device).stream().toList());
    tokens.expect('}');
    return new Statement.Volume(word.at(), number, body);
  }

  List<Statement> diskOrOptions(Token word, OptionParser options) throws ConfigException {
    return tokens.peek().is('{') ? options.section(Section.DISK, word.at()) : List.of(disk(word));
  }

  Statement.Disk disk(Token word) throws ConfigException {
    Token path = tokens.next();
    if (!path.isString()) {
      throw tokens.unexpected(path, "a path | {");
    }
    tokens.endStatement();
    return new Statement.Disk(word.at(), path.text());
  }

  Statement.MetaDisk metaDisk(Token word) throws ConfigException {
    String device = tokens.expectString().text();
    String index = device.equals("internal") ? "internal" : "flexible";
    boolean indexed =
        word.isKeyword("meta-disk") && !device.equals("internal") && tokens.peek().is('[');
    if (indexed) {
      tokens.next();
      index = tokens.expectInteger().text();
      tokens.expect(']');
    }
    tokens.endStatement();
    return new Statement.MetaDisk(word.at(), device, index);
  }

  /// `device NAME;`, `device NAME minor N;` or `device minor N;`. Whatever else follows the word is
  /// taken and gives no device, as drbdadm does; that the device is missing is found later.
  Optional<Statement.Device> device(Token word) throws ConfigException {
    Token first = tokens.next();
    if (first.isKeyword("minor")) {
      OptionalInt minor = OptionalInt.of(plainNumber(tokens.expectInteger()));
      tokens.endStatement();
      return Optional.of(new Statement.Device(word.at(), Optional.empty(), minor));
    }
    if (!first.isString()) {
      return Optional.empty();
    }
    String name = deviceName(first);
    OptionalInt minor;
    if (tokens.takeKeyword("minor").isPresent()) {
      minor = OptionalInt.of(plainNumber(tokens.expectInteger()));
      checkNameFitsMinor(word, name, minor.getAsInt());
      tokens.endStatement();
    } else {
      tokens.endStatement();
      minor = minorOfName(word, name);
    }
    return Optional.of(new Statement.Device(word.at(), Optional.of(name), minor));
  }

  private String deviceName(Token token) {
    String name = token.text().startsWith("drbd") ? "/dev/" + token.text() : token.text();
    if (name.matches(OLD_DEVICE_PREFIX + "[0-9]+")) {
      String today = DEVICE_PREFIX + name.substring(OLD_DEVICE_PREFIX.length());
      findings.warn(token.at(), name + " of DRBD 0.7 is read as " + today);
      return today;
    }
    if (!name.startsWith(DEVICE_PREFIX)) {
      findings.fault(
          token.at(),
          "device name must start with /dev/drbd (/dev/ is optional, but drbd is required), found '"
              + name
              + "'");
    }
    return name;
  }

  private static boolean isNumbered(String name) {
    return name.matches(DEVICE_PREFIX + "[0-9]{1,9}");
  }

  private static int numberOf(String name) {
    return Integer.parseInt(name.substring(DEVICE_PREFIX.length()));
  }

  private OptionalInt minorOfName(Token word, String name) {
    if (isNumbered(name)) {
      return OptionalInt.of(numberOf(name));
    }
    if (name.startsWith(DEVICE_PREFIX)) {
      findings.fault(word.at(), "no minor given nor does '" + name + "' contain a minor number");
    }
    return OptionalInt.empty();
  }

  private void checkNameFitsMinor(Token word, String name, int minor) {
    if (isNumbered(name) && numberOf(name) != minor) {
      findings.fault(
          word.at(),
          "minor %d does not match device name %s: write \"device /dev/drbd%d minor %d;\""
              .formatted(minor, name, minor, minor));
    } else if (name.startsWith(DEVICE_PREFIX)
        && !isNumbered(name)
        && !name.startsWith(DEVICE_PREFIX + "_")) {
      findings.fault(
          word.at(),
          "an arbitrary device name must start with /dev/drbd_ (mind the '_'), found '"
              + name
              + "'");
    }
  }

  Statement.Address address(Token word, Statement.Address.Use use) throws ConfigException {
    Endpoint endpoint = endpoint();
    tokens.endStatement();
    return new Statement.Address(word.at(), use, endpoint);
  }

  /// `[FAMILY] ADDRESS:PORT`.
  Endpoint endpoint() throws ConfigException {
    Token first = tokens.next();
    if (first.kind() == Kind.IPV4) {
      return new Endpoint("ipv4", first.text(), port());
    }
    if (first.kind() == Kind.KEYWORD) {
      switch (first.text()) {
        case "ipv6" -> {
          tokens.expect('[');
          Token address = tokens.next();
          if (address.kind() != Kind.IPV6) {
            throw tokens.unexpected(address, "an IPv6 address");
          }
          tokens.expect(']');
          return new Endpoint(Endpoint.IPV6, address.text(), port());
        }
        case "ipv4", "ssocks", "sdp", "sci" -> {
          Token address = tokens.next();
          if (address.kind() != Kind.IPV4) {
            throw tokens.unexpected(address, "an IPv4 address");
          }
          String family = first.text().equals("sci") ? "ssocks" : first.text();
          return new Endpoint(family, address.text(), port());
        }
        default -> {}
      }
    }
    throw tokens.unexpected(first, "ssocks | sdp | ipv4 | ipv6 | <ipv4 address>");
  }

  private int port() throws ConfigException {
    tokens.expect(':');
    Token token = tokens.expectInteger();
    int port = plainNumber(token);
    if (port < 1 || port > PORT_MAX) {
      findings.fault(token.at(), "port %d out of range [1..%d].".formatted(port, PORT_MAX));
    }
    return port;
  }

  private int plainNumber(Token integer) {
    String text = integer.text();
    char last = text.charAt(text.length() - 1);
    if (last < '0' || last > '9') {
      findings.fault(integer.at(), "a plain number is wanted here, found '" + text + "'");
      text = text.substring(0, text.length() - 1);
    }
    return Integer.parseInt(text);
  }

  /// `proxy on HOST... { ... }` in a host section.
  Statement.Proxy proxy(Token word, OptionParser options) throws ConfigException {
    Token on = tokens.next();
    if (!on.isKeyword("on")) {
      throw tokens.unexpected(on, "on");
    }
    List<String> names = tokens.expectHosts('{');
    List<Statement> body = new ArrayList<>();
    while (!tokens.peek().is('}')) {
      Token statement = tokens.next();
      if (statement.isKeyword("inside")) {
        body.add(address(statement, Statement.Address.Use.INSIDE));
      } else if (statement.isKeyword("outside")) {
        body.add(address(statement, Statement.Address.Use.OUTSIDE));
      } else if (statement.isKeyword("options")) {
        body.addAll(options.section(Section.PROXY, statement.at()));
      } else {
        throw tokens.unexpected(statement, "inside | outside | options");
      }
    }
    tokens.next();
    return new Statement.Proxy(word.at(), names, List.copyOf(body));
  }
}
