import type { ProbeFrames } from "../../protocol/probe/probeFrames.ts";
import type { HostReading } from "../../protocol/reading.ts";

/** What a probe gives out of what its script has said so far, as if each tick had come a second after the one before. */
export function playedReadings(frames: ProbeFrames, said: string, startedAtMs: number): HostReading[] {
  let nowMs = startedAtMs;
  const readings = said
    .slice(0, said.lastIndexOf("\n") + 1)
    .split(/(?<=\n)/)
    .flatMap((line) => {
      if (line === "T\n") nowMs += 1_000;
      return frames.push(line, nowMs, 0);
    });
  const rest = frames.flush(nowMs + 1_500, 0);
  return rest === null ? readings : [...readings, rest];
}
