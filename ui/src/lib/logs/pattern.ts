/** What is written in the grep box. The engine decides what matches; here it is only marked where it did. */

// Without quantifiers a search takes no longer than text times pattern, whatever is typed; the engine's expressions
// never take long, but those of JavaScript can take for ever.
const QUANTIFIER = /(?:^|[^\\])(?:\\\\)*[*+?{]/;

/** An expression that finds the matches to mark; none when it can't, or had better not, be done here. */
export function marker(pattern: string): RegExp | undefined {
  if (pattern === '' || QUANTIFIER.test(pattern)) return undefined;
  try {
    return new RegExp(pattern, hasCapital(pattern) ? 'gu' : 'giu');
  } catch {
    return undefined;
  }
}

/** Smart case, as the engine has it: a capital letter makes case count, but not in what a backslash begins. */
export function hasCapital(pattern: string): boolean {
  return /\p{Lu}/u.test(pattern.replace(/\\(?:[pPuUx]\{[^}]*\}|[^])/gu, ''));
}

/** A text in parts, every other one a match: `[before, match, after, …]`. */
export function splitMatches(text: string, matches: RegExp | undefined): string[] {
  if (!matches) return [text];
  const parts: string[] = [];
  let end = 0;
  for (const match of text.matchAll(matches)) {
    if (match[0] === '') continue;
    parts.push(text.slice(end, match.index), match[0]);
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}
