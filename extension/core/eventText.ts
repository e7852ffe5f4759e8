import {
  eventPayloads,
  type EventPayload,
  type EventType,
  type LedgerEvent,
} from "../../protocol/ledger/events.ts";
import { printable } from "./printable.ts";

/** Names for the ids that events carry; an id that is no longer known stands for itself. */
export interface EventNames {
  host: (id: string) => string;
  job: (id: string) => string;
}

type Teller<T extends EventType> = (payload: EventPayload<T>, names: EventNames) => string;

const jobEnd = (verb: string) => (payload: EventPayload<"job.failed">, names: EventNames) =>
  `${names.job(payload.jobId)} ${verb}${payload.exitCode === null ? "" : `, exit ${payload.exitCode}`}`;

/** What each type of event says, in a few words. */
const tellers: { [T in EventType]: Teller<T> } = {
  "fleet.created": () => "the fleet was made",
  "token.created": ({ role, hostId, member }, names) =>
    member === undefined
      ? `a join link for ${hostId === undefined ? `one ${role}` : `the agent of ${names.host(hostId)}`} was made`
      : `a link that brings back ${member} was made`,
  "token.revoked": () => "a join link was withdrawn",
  "member.joined": ({ member, role }) => `${member} joined as ${role}`,
  "member.renewed": ({ member }) => `${member} has a new certificate`,
  "member.role-changed": ({ member, to }) => `${member} is ${to} now`,
  "member.revoked": ({ member }) => `the membership of ${member} was ended`,
  "member.asked-back": ({ member }) => `${member} asks to come back`,
  "member.approved": ({ member }) => `${member} may come back`,
  "ca.announced": ({ generation }) => `certificate authority ${generation} was made`,
  "ca.issuing": ({ generation }) => `certificate authority ${generation} signs from now on`,
  "ca.retired": ({ generation }) => `certificate authority ${generation} is trusted no more`,
  "access.refused": ({ from, code, count }) =>
    `${from} was refused${count === 1 ? "" : ` ${count} times`}: ${code}`,
  "host.added": ({ name }) => `${name} was added`,
  "host.changed": ({ hostId }, names) => `${names.host(hostId)} was changed`,
  "host.key-accepted": ({ hostId }, names) => `the key of ${names.host(hostId)} was accepted`,
  "host.key-refused": ({ host }) => `a wrong key of ${host} was refused`,
  "host.removed": ({ name }) => `${name} was removed`,
  "job.queued": ({ script }) => `${script} was dispatched`,
  "job.placed": ({ jobId, host }, names) => `${names.job(jobId)} goes to ${host}`,
  "job.syncing": ({ jobId }, names) => `${names.job(jobId)} is being sent`,
  "job.running": ({ jobId }, names) => `${names.job(jobId)} began`,
  "job.cancel-requested": ({ jobId }, names) => `${names.job(jobId)} is to be cancelled`,
  "job.succeeded": jobEnd("succeeded"),
  "job.failed": jobEnd("failed"),
  "job.cancelled": jobEnd("was cancelled"),
  "job.timed-out": jobEnd("ran out of time"),
  "job.lost": jobEnd("was lost"),
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
