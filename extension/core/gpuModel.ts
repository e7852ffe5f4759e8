/** A GPU's model without its maker and brand, since rows are narrow: `RTX 4090`, `H100 80GB HBM3`. */
export function gpuModel(name: string): string {
  const short = name
    .replace(/^(NVIDIA|AMD|Apple|Intel)\s+/i, "")
    .replace(/^(GeForce|Instinct)\s+(?=\S)/i, "");
  return short === "" ? name : short;
}
