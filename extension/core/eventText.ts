import {
  eventPayloads,
  type EventPayload,
  type EventType,
  type LedgerEvent,
} from "../../protocol/ledger/events.ts";
import { printable } from "./printable.ts";
import { ledgerWords } from "./words/ledgerWords.ts";

/** Names for the ids that events carry; an id that is no longer known stands for itself. */
export interface EventNames {
  host: (id: string) => string;
  job: (id: string) => string;
}

type Teller<T extends EventType> = (payload: EventPayload<T>, names: EventNames) => string;

const say = ledgerWords.events;

const jobEnd = (how: string) => (payload: EventPayload<"job.failed">, names: EventNames) =>
  say.ended(names.job(payload.jobId), how, payload.exitCode);

/** What each type of event says, in a few words. */
const tellers: { [T in EventType]: Teller<T> } = {
  "fleet.created": () => say.fleetMade,
  "token.created": ({ role, hostId, member }, names) =>
    member === undefined
      ? say.linkMade(hostId === undefined ? say.one(role) : say.agentOf(names.host(hostId)))
      : say.linkBackMade(member),
  "token.revoked": () => say.linkWithdrawn,
  "member.joined": ({ member, role }) => say.joined(member, role),
  "member.renewed": ({ member }) => say.renewed(member),
  "member.role-changed": ({ member, to }) => say.roleChanged(member, to),
  "member.revoked": ({ member }) => say.membershipEnded(member),
  "member.asked-back": ({ member }) => say.askedBack(member),
  "member.approved": ({ member }) => say.approved(member),
  "ca.announced": ({ generation }) => say.authorityMade(generation),
  "ca.issuing": ({ generation }) => say.authoritySigns(generation),
  "ca.retired": ({ generation }) => say.authorityRetired(generation),
  "access.refused": ({ from, code, count }) => say.refused(from, code, count),
  "host.added": ({ name }) => say.hostAdded(name),
  "host.changed": ({ hostId }, names) => say.hostChanged(names.host(hostId)),
  "host.key-accepted": ({ hostId }, names) => say.keyAccepted(names.host(hostId)),
  "host.key-refused": ({ host }) => say.keyRefused(host),
  "host.removed": ({ name }) => say.hostRemoved(name),
  "job.queued": ({ script }) => say.dispatched(script),
  "job.placed": ({ jobId, host }, names) => say.placed(names.job(jobId), host),
  "job.syncing": ({ jobId }, names) => say.sending(names.job(jobId)),
  "job.running": ({ jobId }, names) => say.began(names.job(jobId)),
  "job.cancel-requested": ({ jobId }, names) => say.cancelAsked(names.job(jobId)),
  "job.succeeded": jobEnd(say.succeeded),
  "job.failed": jobEnd(say.failed),
  "job.cancelled": jobEnd(say.cancelled),
  "job.timed-out": jobEnd(say.timedOut),
  "job.lost": jobEnd(say.lost),
};

/** An event in a few words; one of a type or form that this version does not know by its type. */
export function eventText({ type, payload }: LedgerEvent, names: EventNames): string {
  if (!isKnownType(type)) return printable(type);
  const parsed = eventPayloads[type].safeParse(payload);
  const tell = tellers[type] as Teller<EventType>;
  return printable(parsed.success ? tell(parsed.data, names) : type);
}

function isKnownType(type: string): type is EventType {
  return Object.hasOwn(eventPayloads, type);
}
