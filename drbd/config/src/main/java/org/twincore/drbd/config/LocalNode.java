package org.twincore.drbd.config;

import java.util.function.Predicate;

/// The machine on which a configuration is read.
///
/// @param name its name as the `on` sections spell it (`uname -n`)
/// @param hasAddress whether an address is configured here
public record LocalNode(String name, Predicate<Endpoint> hasAddress) {}
