/// What `drbdadm split-brain` tells of a split brain before anybody gives data up: who was Primary
/// when, what each side changed, and what each policy would make of it.
@NullMarked
package org.twincore.daemon.dossier;

import org.jspecify.annotations.NullMarked;
