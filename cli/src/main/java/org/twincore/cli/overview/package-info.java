/// `drbd-overview`: one row a volume.
@NullMarked
package org.twincore.cli.overview;

import org.jspecify.annotations.NullMarked;
