// Fails when the built page is bigger than its budgets (compressed as servers do, in bytes).
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const STATIC = new URL("../../runicorn_server/static/", import.meta.url);
const KB = 1000;
const BUDGETS = { "first JS": 160 * KB, "all JS": 320 * KB, CSS: 14 * KB };

type Entry = { file: string; isEntry?: boolean; imports?: string[]; css?: string[] };

function gzipped(file: string): number {
  return gzipSync(readFileSync(new URL(file, STATIC)), { level: 9 }).length;
}

/** Files that the browser needs before the page is usable: the entry and what it imports at once. */
function firstFiles(manifest: Record<string, Entry>): Set<string> {
  const found = new Set<string>();
  const visit = (key: string) => {
    const entry = manifest[key];
    if (!entry || found.has(entry.file)) return;
    found.add(entry.file);
    entry.imports?.forEach(visit);
  };
  Object.keys(manifest).filter((key) => manifest[key]?.isEntry).forEach(visit);
  return found;
}

export function main(): boolean {
  const text = readFileSync(new URL(".vite/manifest.json", STATIC), "utf-8");
  const first = firstFiles(JSON.parse(text) as Record<string, Entry>);
  const assets = readdirSync(new URL("assets/", STATIC)).map((name) => `assets/${name}`);
  const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + gzipped(file), 0);
  const sizes = {
    "first JS": sum(first),
    "all JS": sum(assets.filter((name) => name.endsWith(".js"))),
    CSS: sum(assets.filter((name) => name.endsWith(".css"))),
  };
  let isGood = first.size > 0;
  for (const [name, size] of Object.entries(sizes)) {
    const budget = BUDGETS[name as keyof typeof BUDGETS];
    const isWithin = size > 0 && size <= budget;
    isGood &&= isWithin;
    console.log(`${name}: ${(size / KB).toFixed(1)} kB gz of ${budget / KB}${isWithin ? "" : "  TOO BIG"}`);
  }
  return isGood;
}
