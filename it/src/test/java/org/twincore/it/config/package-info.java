/// drbdadm against Debian's drbdadm with its 8.4 parser, on a corpus of configurations.
///
/// Start with [ConfigOracleTest].
@NullMarked
package org.twincore.it.config;

import org.jspecify.annotations.NullMarked;
