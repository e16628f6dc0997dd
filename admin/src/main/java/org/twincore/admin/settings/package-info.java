/// Twincore's own settings file (docs/settings.md): what drbd.conf has no word for.
///
/// Pure: text in, [org.twincore.admin.settings.NodeSettings] out.
@NullMarked
package org.twincore.admin.settings;

import org.jspecify.annotations.NullMarked;
