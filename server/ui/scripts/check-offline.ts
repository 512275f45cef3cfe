// Fails when the built page names an address outside of this machine that it could load.
import { readFileSync, readdirSync } from "node:fs";

const STATIC = new URL("../../runicorn_server/static/", import.meta.url);
// Names of XML vocabularies and links in error texts: written out, never loaded.
const ONLY_NAMES = ["http://www.w3.org/", "https://react.dev/errors/"];
const ADDRESS = /(?:https?:)?\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s"'`)\\]*/gi;

function addresses(text: string): string[] {
  return (text.match(ADDRESS) ?? []).filter((found) => !ONLY_NAMES.some((name) => found.startsWith(name)));
}

export function main(): boolean {
  const assets = readdirSync(new URL("assets/", STATIC)).map((name) => `assets/${name}`);
  let isGood = assets.length > 0;
  for (const file of ["index.html", ...assets]) {
    for (const found of addresses(readFileSync(new URL(file, STATIC), "utf-8"))) {
      console.log(`${file}: ${found}`);
      isGood = false;
    }
  }
  console.log(isGood ? "no outside address" : "the page must load nothing from elsewhere");
  return isGood;
}
