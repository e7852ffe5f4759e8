/** What holds a GPU's clocks down, as words; the editor and the command line say the same. A code of a newer service passes as it is. */
export function throttleText(code: string): string {
  switch (code) {
    case "power-cap":
      return "its power limit";
    case "thermal":
      return "its temperature";
    case "hw-thermal":
      return "its temperature, by the hardware";
    case "hw-slowdown":
      return "the hardware, by half or more";
    case "power-brake":
      return "the power supply";
    case "sync-boost":
      return "GPUs it is kept in step with";
    case "other":
      return "something its driver has no name for here";
    default:
      return code;
  }
}
