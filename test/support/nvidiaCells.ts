/** What `nvidia-smi` prints of a busy GPU without anything unusual, by its field names. */
export const plainCells = {
  uuid: "GPU-0a0a0a0a-1111-4222-8333-00000000000a",
  index: "3",
  "pci.bus_id": "00000000:1A:00.0",
  driver_version: "595.80",
  "memory.total": "24576",
  "memory.used": "20911",
  "utilization.gpu": "88",
  "temperature.gpu": "79",
  "power.draw": "331.70",
  "enforced.power.limit": "350.00",
  name: "NVIDIA GeForce RTX 3090",
} as const;
