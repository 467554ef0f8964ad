export const escaped = (text) =>
  String(text).replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char])

/** Returns a logarithmic scale from a value to a position between `from` and `to`. */
export function logScale(values, from, to) {
  const known = values.filter((value) => value > 0 && Number.isFinite(value))
  const low = Math.log10(Math.min(...known))
  const high = Math.log10(Math.max(...known))
  // If all values are equal, the position is in the middle.
  const span = high - low || 1
  const start = high === low ? low - 0.5 : low
  return (value) => from + ((Math.log10(value) - start) / span) * (to - from)
}

/** Returns the powers of ten between two values, with their doubles and fives if there are few. */
export function ticks(low, high) {
  const steps = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5]
  const found = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of steps) {
      const value = step * 10 ** power
      if (value >= low && value <= high) found.push(value)
    }
  }
  return found
}

/** Formats a figure with three digits and k, M or G. */
export function short(value) {
  const units = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]
  const [size, name] = units.find(([size]) => value >= size) ?? [1, '']
  return `${Number((value / size).toPrecision(3))}${name}`
}
