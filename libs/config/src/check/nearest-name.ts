import { distance } from 'fastest-levenshtein';

/** Longer words are no misspelt names, and would take long to compare. */
const MAX_LENGTH = 100;

/** The candidate that needs the fewest edits to become the word, if these are few for its length. */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined;
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
