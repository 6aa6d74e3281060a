import { distance } from 'fastest-levenshtein';

/** Longer words are no misspelt names, and would take long to compare. */
const MAX_LENGTH = 100;

/** Among more names than this nobody looks for one, and comparing takes long. */
const MAX_CANDIDATES = 200;
/** Names that one message lists. */
const MAX_LISTED = 20;

/** The candidate that needs the fewest edits to become the word, if these are few for its length. */
export function nearestName(word: string, candidates: ReadonlySet<string>): string | undefined {
  if (word.length > MAX_LENGTH || candidates.size > MAX_CANDIDATES) return undefined;
  let nearest: string | undefined;
  let fewest = Math.min(3, Math.ceil(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = distance(word, candidate);
    if (edits > 0 && edits < fewest) {
      nearest = candidate;
      fewest = edits;
    }
  }
  return nearest;
}

/** `one of a, b, c`, or the first of them where they are many. */
export function oneOf(names: ReadonlySet<string>): string {
  const listed = [...names.values().take(MAX_LISTED)].join(', ');
  return names.size > MAX_LISTED ? `one of ${names.size} names such as ${listed}` : `one of ${listed}`;
}
