import type { Boot } from "./types";

function isBoot(value: unknown): value is Boot {
  return typeof value === "object" && value !== null && Array.isArray((value as Partial<Boot>).projects);
}

/** Read the block that the server put into the page, so that the first screen needs no round trip. */
export function readBoot(root: ParentNode): Boot | undefined {
  const text = root.querySelector("#boot")?.textContent ?? "";
  try {
    const value: unknown = JSON.parse(text);
    return isBoot(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
