// Delays of flights: the functions that the stream (flights.ts) and the batch job (flights.mjs) share. None uses a variable
// of its surroundings, so each can be shipped to a worker as text.

/** @typedef {[flights: number, minutes: number]} Delay the number of flights and the sum of their delays: whole numbers */

/**
 * The delay of one flight by its origin; early is not late.
 * @param {string} line such as `2001-01-01T00:05,-12,480,SAN,OAK`
 * @returns {[iata: string, delay: Delay]}
 */
export function delayByOrigin(line) {
  const [, delay, , origin] = line.split(',')
  return [origin, [1, Math.max(0, Number(delay))]]
}

/** @param {Delay} a @param {Delay} b @returns {Delay} */
export const add = (a, b) => [a[0] + b[0], a[1] + b[1]]

/** The inverse of `add`. @param {Delay} total @param {Delay} old @returns {Delay} */
export const subtract = (total, old) => [total[0] - old[0], total[1] - old[1]]

/** @param {readonly [string, Delay]} pair */
export const hasFlights = ([, [flights]]) => flights !== 0

/**
 * Converts a result of the join with the states to a delay by state.
 * @param {readonly [iata: string, sides: readonly [Delay, string]]} joined
 * @returns {[state: string, delay: Delay]}
 */
export const byState = ([, [delay, state]]) => [state, delay]
