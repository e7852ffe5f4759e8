import type { Problem } from "../../protocol/problem.ts";
import { editorNext } from "./editorNext.ts";
import type { FleetPlace } from "./fleetPlace.ts";
import { plainWords } from "./plainWords.ts";

/**
 * What a click leads to: try again, join by a link, start or restart the service on this machine, or join the fleet of
 * this machine again.
 */
export type WayBack = "reconnect" | "join" | "renew" | "start" | "restart" | "rejoin";

/** Why there is no contact, and what a person can do about it in the editor. */
export interface AwayText {
  what: string;
  next: string;
  way: WayBack;
}

const reconnect = "choose “Reconnect to the Fleet”";
/** By keyboard or by mouse. */
const choose = (command: string): string => `choose “${command}” or click the status bar`;
const freshLink = "Ask an admin of the fleet for a fresh join link, then choose “Join a Fleet”.";

/** Codes of problems that only a new membership ends. */
const membershipCodes: readonly string[] = ["no-certificate", "certificate-refused", "certificate-expired"];

/** Whether the service answers, and turns this membership down. */
function isMembershipProblem({ code }: Pick<Problem, "code">): boolean {
  return membershipCodes.includes(code);
}

/** A problem of the connection in words for somebody who has the editor and no command line. */
export function awayText(problem: Problem, place: FleetPlace = "elsewhere"): AwayText {
  const reason = String(problem.facts?.["reason"] ?? "");
  const url = String(problem.facts?.["url"] ?? "");
  if (isMembershipProblem(problem)) return membershipText(problem, place);
  switch (problem.code) {
    case "service-unreachable":
      return unreachableText(problem, place);
    case "service-untrusted":
      return /not yet valid|expired/.test(reason)
        ? wrongClock(`the certificate of the service at ${url} does not fit today's date`)
        : untrustedText(url, place);
    case "protocol-mismatch":
      return versionsText(problem, place);
    default:
      return {
        what: plainWords(`${problem.title}. ${problem.detail}`),
        next: plainWords(editorNext(problem)),
        way: "reconnect",
      };
  }
}

function unreachableText(problem: Problem, place: FleetPlace): AwayText {
  if (place === "elsewhere")
    return {
      what: plainWords(problem.detail),
      next: editorNext(problem),
      way: "reconnect",
    };
  return {
    what:
      place === "here"
        ? "the fleet's service on this machine does not answer."
        : "the fleet's service on this machine was stopped.",
    next: `To start it, ${choose("Start the Fleet's Service on This Machine")}. Jobs on the hosts run on meanwhile.`,
    way: "start",
  };
}

function untrustedText(url: string, place: FleetPlace): AwayText {
  const what = `what answers at ${url} is not the service of your fleet, so nothing was sent to it.`;
  if (place === "elsewhere")
    return {
      what,
      next: `When the right one is back, ${reconnect}. After an absence of many months, or if the fleet was set up anew, ask an admin for a link and join it again.`,
      way: "reconnect",
    };
  return {
    what,
    next: `To start the one of this machine and join it, ${choose("Start a Fleet on This Machine")}.`,
    way: "rejoin",
  };
}

function membershipText({ code, facts }: Problem, place: FleetPlace): AwayText {
  const reason = String(facts?.["reason"] ?? "");
  if (/not valid yet/.test(reason)) return wrongClock("your membership is not valid yet");
  const what =
    code === "certificate-expired"
      ? "your membership of this fleet has run out."
      : /revoked/.test(reason)
        ? "your membership of this fleet was withdrawn."
        : "the fleet's service no longer accepts your membership.";
  if (place === "elsewhere" && code === "certificate-expired")
    return {
      what,
      next: `To ask an admin to let you back in, ${choose("Renew the Membership")}; with a fresh join link “Join a Fleet” does it, too.`,
      way: "renew",
    };
  if (place === "elsewhere") return { what, next: freshLink, way: "join" };
  return {
    what,
    next: `The fleet is on this machine: to join it again, ${choose("Start a Fleet on This Machine")}.`,
    way: "rejoin",
  };
}

function wrongClock(what: string): AwayText {
  return {
    what: `${what}: a clock is wrong, here or there.`,
    next: `Set it right, then ${reconnect}.`,
    way: "reconnect",
  };
}

function versionsText({ facts }: Problem, place: FleetPlace): AwayText {
  const service = Number(facts?.["service"]);
  const peer = Number(facts?.["peer"]);
  const what = `the fleet's service speaks version ${service} of the protocol, this extension version ${peer}.`;
  if (service > peer)
    return { what, next: "Update the extension hwLedger Fleet in this editor.", way: "reconnect" };
  if (place === "elsewhere")
    return {
      what,
      next: `The service is the older of the two: when it was updated, ${reconnect}.`,
      way: "reconnect",
    };
  return {
    what,
    next: `The service is the older of the two: to restart it as this extension has it, ${choose("Restart the Fleet's Service on This Machine")}.`,
    way: "restart",
  };
}
