import type { Problem } from "../../protocol/problem.ts";
import { editorNext } from "./editorNext.ts";
import type { FleetPlace } from "./fleetPlace.ts";
import { plainWords } from "./plainWords.ts";
import { awayWords } from "./words/awayWords.ts";

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
        ? wrongClock(awayWords.clock.certificate(url))
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
    what: place === "here" ? awayWords.service.silent : awayWords.service.stopped,
    next: awayWords.service.start,
    way: "start",
  };
}

function untrustedText(url: string, place: FleetPlace): AwayText {
  const what = awayWords.untrusted.what(url);
  if (place === "elsewhere") return { what, next: awayWords.untrusted.elsewhere, way: "reconnect" };
  return { what, next: awayWords.untrusted.here, way: "rejoin" };
}

function membershipText({ code, facts }: Problem, place: FleetPlace): AwayText {
  const say = awayWords.membership;
  const reason = String(facts?.["reason"] ?? "");
  if (/not valid yet/.test(reason)) return wrongClock(say.notYet);
  const what =
    code === "certificate-expired" ? say.ranOut : /revoked/.test(reason) ? say.withdrawn : say.refused;
  if (place === "elsewhere" && code === "certificate-expired") return { what, next: say.renew, way: "renew" };
  if (place === "elsewhere") return { what, next: say.freshLink, way: "join" };
  return { what, next: say.rejoin, way: "rejoin" };
}

function wrongClock(what: string): AwayText {
  return { what: awayWords.clock.what(what), next: awayWords.clock.next, way: "reconnect" };
}

function versionsText({ facts }: Problem, place: FleetPlace): AwayText {
  const service = Number(facts?.["service"]);
  const peer = Number(facts?.["peer"]);
  const say = awayWords.versions;
  const what = say.what(service, peer);
  if (service > peer) return { what, next: say.updateEditor, way: "reconnect" };
  if (place === "elsewhere") return { what, next: say.updateService, way: "reconnect" };
  return { what, next: say.restartService, way: "restart" };
}
