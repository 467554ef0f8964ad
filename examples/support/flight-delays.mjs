// The host's functions for delays by key: maps of `[flights, minutes]`.

/** Keys with fewer flights are not listed. */
const ENOUGH = 100

/**
 * The ten keys with the worst delays: key, flights, minutes per flight, and `more(key)`.
 * @param {ReadonlyMap<string, readonly [number, number]>} delays @param {(key: string) => string} more
 */
export function worst(delays, more = () => '') {
  return [...delays]
    .filter(([, [flights]]) => flights >= ENOUGH)
    .map(([key, [flights, minutes]]) => [key, flights, Math.round((minutes / flights) * 10) / 10, more(key)])
    .sort(([a, , m], [b, , n]) => n - m || (a < b ? -1 : 1))
    .slice(0, 10)
}

/** @param {ReadonlyMap<string, readonly [number, number]>} delays @returns {number} flights of all keys */
export function total(delays) {
  return Array.from(delays.values()).reduce((sum, [flights]) => sum + flights, 0)
}

/**
 * Returns the expected content of a window, from the totals at its end and at its beginning.
 * @param {ReadonlyMap<string, readonly [number, number]>} end
 * @param {ReadonlyMap<string, readonly [number, number]>} beginning empty before the first batch
 */
export function between(end, beginning) {
  const window = new Map()
  for (const [key, [flights, minutes]] of end) {
    const [oldFlights, oldMinutes] = beginning.get(key) ?? [0, 0]
    if (flights !== oldFlights) window.set(key, [flights - oldFlights, minutes - oldMinutes])
  }
  return window
}
