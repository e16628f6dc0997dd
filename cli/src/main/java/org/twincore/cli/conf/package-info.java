/// drbd.conf as it lies on this machine: its files, and the node that reads them.
///
/// Start with [ConfigFiles]. Nothing here knows what a tool does with a configuration.
@NullMarked
package org.twincore.cli.conf;

import org.jspecify.annotations.NullMarked;
