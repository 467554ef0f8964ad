/** A seeded 32-bit xorshift: the same numbers on every machine. */
export function random(seed) {
  let s = seed >>> 0 || 1
  return () => {
    s = (s ^ (s << 13)) >>> 0
    s = (s ^ (s >>> 17)) >>> 0
    s = (s ^ (s << 5)) >>> 0
    return s / 2 ** 32
  }
}

function vocabulary(size) {
  return Array.from({ length: size }, (_, i) => {
    let n = (i * 2654435761) % 2 ** 32
    let word = ''
    const length = 3 + (n % 7)
    for (let k = 0; k < length; k++) {
      word += String.fromCharCode(97 + (n % 26))
      n = Math.floor(n / 26) + i * 31 + k * 7
    }
    return word + (i % 10 === 0 ? i : '')
  })
}

/** The sum of the Zipf weights of the words up to each one. */
function cumulated(size, skew) {
  const sums = new Float64Array(size)
  let total = 0
  for (let i = 0; i < size; i++) {
    total += 1 / (i + 1) ** skew
    sums[i] = total
  }
  return sums
}

/**
 * Lines of about 100 bytes, newline included, whose words follow Zipf's law. The same arguments give the same lines.
 */
export function* zipfLines({ vocabulary: size = 10_000, skew = 1, seed = 1 } = {}) {
  const words = vocabulary(size)
  const sums = cumulated(size, skew)
  const next = random(seed)
  const pick = () => {
    const x = next() * sums[size - 1]
    let low = 0
    let high = size - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle] < x) low = middle + 1
      else high = middle
    }
    return words[low]
  }
  for (;;) {
    let line = pick()
    while (line.length < 96) line += ` ${pick()}`
    yield `${line}\n`
  }
}
