import type { UnsupportedReason } from "./metric.ts";

/** Why a figure is missing, as words; the editor and the command line say the same. */
export function unsupportedText(reason: UnsupportedReason): string {
  switch (reason) {
    case "not-supported":
      return "this device has none";
    case "error":
      return "could not be read just now";
    case "fault":
      return "the device is faulty";
    case "denied":
      return "this login may not read it";
    case "unknown-field":
      return "the driver's tool does not know it";
    case "not-measured":
      return "not measured yet";
    case "unified":
      return "shared with the machine's memory";
  }
}
