function globToRegExp(glob: string): RegExp {
  const body = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, ".*").replace(/\?/g, ".");
  return new RegExp(`^${body}$`, "i");
}

function compile(word: string): ((name: string) => boolean) | null {
  const regex = /^\/(.+)\/$/.exec(word);
  try {
    if (regex) {
      const pattern = new RegExp(regex[1] ?? "", "i");
      return (name) => pattern.test(name);
    }
    if (/[*?]/.test(word)) {
      const pattern = globToRegExp(word);
      return (name) => pattern.test(name);
    }
  } catch {
    // Half-typed regular expressions filter nothing.
    return null;
  }
  const lower = word.toLowerCase();
  return (name) => name.toLowerCase().includes(lower);
}

/** Names that any of the words matches: parts of names, globs, or `/regular expressions/`. */
export function filterNames(names: readonly string[], filter: string): string[] {
  const tests = filter.split(/\s+/).filter(Boolean).map(compile).filter((test) => test !== null);
  return tests.length === 0 ? [...names] : names.filter((name) => tests.some((test) => test(name)));
}
