/** Errors that are searched for a final one: each is the cause of the one before. */
const MOST_CAUSES = 8

/**
 * Returns whether a repetition cannot succeed: the error, or one that caused it, has `details.final`. Examples are refused
 * credentials and a missing package.
 */
export function isFinal(error: unknown): boolean {
  let at = error
  for (let i = 0; i < MOST_CAUSES && typeof at === 'object' && at !== null; i++) {
    const { details, cause } = at as { readonly details?: { readonly final?: unknown }; readonly cause?: unknown }
    if (details?.final === true) return true
    at = cause
  }
  return false
}
