// Fails when a text is used nowhere, or when the languages of a text differ in their slots.
import { readFileSync, readdirSync } from "node:fs";
import { slotNames, type Message } from "../src/i18n/catalogue.ts";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

const SOURCES = new URL("../src/", import.meta.url);

function sources(): string {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf-8" })
    .filter((name) => /\.tsx?$/.test(name) && !/i18n[\\/](en|zh)\.ts$/.test(name))
    .map((name) => readFileSync(new URL(name, SOURCES), "utf-8"))
    .join("\n");
}

/** A key counts as used when it stands in the sources, whole or as the start of a template. */
function isUsed(key: string, text: string, starts: readonly string[]): boolean {
  return text.includes(`"${key}"`) || starts.some((start) => key.startsWith(start));
}

export function main(): boolean {
  const text = sources();
  const starts = [...text.matchAll(/`([a-z_]+\.[a-z_]*)\$\{/g)].map((match) => match[1] ?? "");
  const complaints: string[] = [];
  for (const [key, message] of Object.entries(en) as [keyof typeof en, Message][]) {
    if (!isUsed(key, text, starts)) complaints.push(`${key}: used nowhere`);
    const [own, other] = [[...slotNames(message)].sort(), [...slotNames(zh[key])].sort()];
    if (own.join() !== other.join()) complaints.push(`${key}: slots {${own.join()}} and {${other.join()}}`);
  }
  complaints.forEach((complaint) => console.log(complaint));
  console.log(`${Object.keys(en).length} texts, ${complaints.length} complaints`);
  return complaints.length === 0;
}
