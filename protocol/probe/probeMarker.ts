/** What the script itself says among a tool's lines. */
export type ProbeMarker =
  | { kind: "start"; mode: "loop" | "once"; everyS: number; fields: readonly string[] }
  | { kind: "exit"; code: number }
  | { kind: "wedged" }
  | { kind: "asleep"; everyS: number; pciAddresses: readonly string[] };

/** Reads a line that starts with `#`; null when it is none of ours. No tool starts a line so. */
export function parseProbeMarker(line: string): ProbeMarker | null {
  if (!line.startsWith("#")) return null;
  const [word = "", first = "", second = "", third = ""] = line.split(" ");
  switch (word) {
    case "#start": {
      const everyS = Number(second);
      if ((first !== "loop" && first !== "once") || !isCadence(everyS) || third === "") return null;
      return { kind: "start", mode: first, everyS, fields: third.split(",") };
    }
    case "#exit":
      return /^\d{1,3}$/.test(first) ? { kind: "exit", code: Number(first) } : null;
    case "#wedged":
      return { kind: "wedged" };
    case "#asleep":
      if (!isCadence(Number(first))) return null;
      return { kind: "asleep", everyS: Number(first), pciAddresses: second.toLowerCase().split(",") };
    default:
      return null;
  }
}

function isCadence(seconds: number): boolean {
  return Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600;
}
