/*
 * Quantiles of the distributions used for estimates from part of the data. All probabilities are those of the lower
 * tail.
 */

/**
 * Returns a quantile of the standard normal distribution, by P. J. Acklam's rational functions: relative error at most
 * 1.2e-9.
 */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY
  if (p >= 1) return Number.POSITIVE_INFINITY
  if (p > 0.97575) return -normalQuantile(1 - p)
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p))
    return polynomial(q, TAIL) / (polynomial(q, UNDER_TAIL) * q + 1)
  }
  const q = p - 0.5
  return (polynomial(q * q, MIDDLE) * q) / (polynomial(q * q, UNDER_MIDDLE) * q * q + 1)
}

const MIDDLE = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
]
const UNDER_MIDDLE = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
const TAIL = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
]
const UNDER_TAIL = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416]

/** Evaluates a polynomial. Coefficients start with the highest power. */
function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)
}

/** Returns a quantile of Student's t distribution, by G. W. Hill's algorithm 396 (1970): six correct digits. */
export function studentQuantile(p: number, degrees: number): number {
  if (p <= 0 || p >= 1) return normalQuantile(p)
  if (p < 0.5) return -studentQuantile(1 - p, degrees)
  const both = 2 * (1 - p)
  if (degrees === 1) return 1 / Math.tan((both * Math.PI) / 2)
  if (degrees === 2) return Math.sqrt(2 / (both * (2 - both)) - 2)
  const n = degrees
  const a = 1 / (n - 0.5)
  const b = 48 / (a * a)
  let c = ((20700 * (a / b) - 98) * a - 16) * a + 96.36
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * n
  let y = (d * both) ** (2 / n)
  if (y > 0.05 + a) {
    const x = normalQuantile(both / 2)
    y = x * x
    if (n < 5) c += 0.3 * (n - 4.5) * (x + 0.6)
    c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
    y = Math.expm1(a * y * y)
  } else {
    y =
      ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * ((n + 1) / (n + 2)) +
      1 / y
  }
  return Math.sqrt(n * y)
}

/** From this many successes, the normal distribution is close enough to the negative binomial one. */
const NORMAL_FROM = 1000

/**
 * Returns a quantile of the negative binomial distribution: failures before the `successes`-th success, each success
 * with `probability`.
 */
export function failuresQuantile(p: number, successes: number, probability: number): number {
  if (p <= 0) return 0
  if (p >= 1) return Number.POSITIVE_INFINITY
  const fails = 1 - probability
  const logNone = successes * Math.log(probability)
  // Below -700, the probability of no failure underflows to 0, and so does every multiple of it.
  if (successes >= NORMAL_FROM || logNone < -700) {
    const mean = (successes * fails) / probability
    return Math.max(0, Math.round(mean + normalQuantile(p) * Math.sqrt(mean / probability)))
  }
  let chance = Math.exp(logNone)
  let upTo = chance
  let failures = 0
  // Stops when a term no longer changes the sum: p may be closer to 1 than the sum can get.
  while (upTo < p && upTo + chance !== upTo) {
    failures++
    chance *= ((successes + failures - 1) / failures) * fails
    upTo += chance
  }
  return failures
}
