/** Collects the broadcast variables in the environments of functions, anywhere in the program. */
export function broadcastsIn(part: unknown, of = '', found = new Map<number, string>()): Map<number, string> {
  if (typeof part !== 'object' || part === null) return found
  for (const [name, value] of Object.entries(part)) {
    // A user's value may look like a reference but is not one.
    if (name === 'value') continue
    if (name === 'broadcast' && typeof value === 'number') found.set(value, of)
    else broadcastsIn(value, name, found)
  }
  return found
}
