import { renewIdentity } from "../../protocol/client/tendIdentity.ts";
import { dayText } from "../core/clock.ts";
import type { Membership } from "../core/createMembership.ts";
import { words } from "../core/words/words.ts";
import { cancellable, isCancelled } from "./cancellable.ts";
import { inform } from "./notices.ts";
import { problemIn, showProblem } from "./showProblem.ts";

/** Gets a fresh certificate; one that has run out comes back only once an admin has approved it. */
export async function renewMembership(membership: Membership): Promise<void> {
  await membership.ready();
  await membership.refresh();
  const { profile } = membership;
  if (profile === null) return void inform(words.fleets.none);
  try {
    const renewed = await cancellable(words.fleets.renewing(profile.label), (signal) =>
      renewIdentity(profile.identity, (identity) => membership.keep(identity), signal),
    );
    const until = dayText(renewed.notAfterMs);
    void inform(words.fleets.renewed(renewed.member, until));
  } catch (error) {
    if (!isCancelled(error)) await showProblem(problemIn(error));
  }
}
