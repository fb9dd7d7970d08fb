/** Whether a text fits a pattern with "*" (any characters) and "?" (one), regardless of case. */
export function globMatches(pattern: string, text: string): boolean {
  const [p, t] = [pattern.toLowerCase(), text.toLowerCase()];
  let [inPattern, inText, star, mark] = [0, 0, -1, 0];
  while (inText < t.length) {
    if (p[inPattern] === '*') {
      star = inPattern++;
      mark = inText;
    } else if (inPattern < p.length && (p[inPattern] === '?' || p[inPattern] === t[inText])) {
      inPattern++;
      inText++;
    } else if (star >= 0) {
      inPattern = star + 1;
      inText = ++mark;
    } else return false;
  }
  while (p[inPattern] === '*') inPattern++;
  return inPattern === p.length;
}

export const isGlob = (text: string): boolean => /[*?]/.test(text);
