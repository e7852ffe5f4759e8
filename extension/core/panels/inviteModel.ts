import { shellQuote } from "../../../protocol/shellQuote.ts";
import type { FleetPlace } from "../fleetPlace.ts";
import type { FleetSession } from "../openFleetSession.ts";
import { printable } from "../printable.ts";
import { isForOneMachine, type Invitation, type InvitationOutcome } from "./invitation.ts";
import type { InviteModel, LinkForm } from "./inviteSchema.ts";
import { connectionBanner } from "./panelBanner.ts";
import { panelWords } from "../words/panelWords.ts";
import { qrCode } from "./qrCode.ts";

const words = panelWords.invite;

/** What the panel of a link is made of beside the session. */
export interface InviteFacts {
  invitation: Invitation;
  outcome: InvitationOutcome;
  copied: LinkForm | null;
  isBusy: boolean;
}

/** Everything the panel of a join link shows. */
export function inviteModel(
  session: Pick<FleetSession, "fleet" | "contact" | "identity"> | null | undefined,
  { invitation, outcome, copied, isBusy }: InviteFacts,
  nowMs: number,
  place: FleetPlace = "elsewhere",
): InviteModel {
  const { purpose, role, link, endsAtMs } = invitation;
  const isOwnFleet = session?.identity.fleetId === invitation.fleetId;
  const state = outcome.kind === "open" && nowMs >= endsAtMs ? "ran-out" : outcome.kind;
  const whom = "member" in purpose ? purpose.member : words.one(role);
  return {
    banner: isOwnFleet
      ? connectionBanner(session, null, nowMs, place)
      : { tone: "warning", text: words.otherFleet, actions: [] },
    title: words.heading(whom),
    state,
    says: printable(
      saysOf(outcome, state, "member" in purpose ? words.bringsBack(whom) : words.letsIn(role)),
    ),
    forms: state === "open" ? formsOf(invitation) : null,
    qr: qrCode(link),
    endsAtMs,
    reach: state === "open" && isForOneMachine(link) ? reachOf(place) : null,
    copied,
    canAct: isOwnFleet && session.contact.kind === "live" && !isBusy,
  };
}

/** The link in each form that somebody may need. */
export function formsOf({ link, editorLink }: Invitation): Record<LinkForm, string> {
  return { link, editorLink, command: `hwledger join ${shellQuote(link)}` };
}

function saysOf(outcome: InvitationOutcome, state: InviteModel["state"], whatItDoes: string): string {
  switch (state) {
    case "open":
      return whatItDoes;
    case "used":
      return outcome.kind === "used" && outcome.member !== null ? words.joined(outcome.member) : words.used;
    case "ran-out":
      return words.ranOut;
    case "withdrawn":
      return words.withdrawn;
  }
}

function reachOf(place: FleetPlace): NonNullable<InviteModel["reach"]> {
  const canListen = place === "here";
  return { text: canListen ? words.oneMachine : `${words.oneMachine} ${words.listenElsewhere}`, canListen };
}
