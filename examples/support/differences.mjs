/**
 * Describes the differences of two maps as sentences; returns none if they are equal.
 * @param {ReadonlyMap<string, unknown>} expected numbers, or arrays of numbers
 * @param {ReadonlyMap<string, unknown>} found
 * @param {string} what describes the keys
 * @returns {string[]}
 */
export function differences(expected, found, what) {
  const text = (value) => (value === undefined ? 'nothing' : String(value))
  return [...new Set([...expected.keys(), ...found.keys()])]
    .map((key) => [key, text(expected.get(key)), text(found.get(key))])
    .filter(([, a, b]) => a !== b)
    .map(([key, a, b]) => `${what} ${key}: expected ${a}, found ${b}`)
}
