/** One sample of the text format of Prometheus. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: Sample[]
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
}
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:[0-9.]+(?:e[+-]?[0-9]+)?|Inf)|\+Inf|NaN)$/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/

/** Parses the text format, and refuses what a scraper would refuse. */
export function parse(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the text must end with a line feed')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let help: { name: string; text: string } | undefined
  let current: Family | undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    const meta = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (meta?.[1] === 'HELP') help = { name: meta[2]!, text: meta[3]! }
    else if (meta) {
      const name = meta[2]!
      if (help?.name !== name) throw new Error(`${name} has a type and no help`)
      if (families.has(name)) throw new Error(`${name} occurs twice`)
      if (!(meta[3]! in SUFFIXES)) throw new Error(`${name} has the unknown type ${meta[3]}`)
      families.set(name, (current = { name, help: help.text, type: meta[3]!, samples: [] }))
    } else {
      const sample = sampleOf(line)
      if (!current) throw new Error(`${line}: a sample before its type`)
      const { name, type, samples } = current
      if (!SUFFIXES[type]!.some((suffix) => sample.name === name + suffix))
        throw new Error(`${line}: no sample of ${name}, a ${type}`)
      const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (seen.has(key)) throw new Error(`${line}: a series that occurs twice`)
      seen.add(key)
      samples.push(sample)
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family)
  return families
}

function sampleOf(line: string): Sample {
  const found = SAMPLE.exec(line)
  if (!found) throw new Error(`${line}: no sample`)
  const labels: Record<string, string> = {}
  let rest = found[2] ?? ''
  while (rest !== '') {
    const label = LABEL.exec(rest)
    if (!label) throw new Error(`${line}: no label at ${rest}`)
    if (label[1]! in labels) throw new Error(`${line}: a label that occurs twice`)
    labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
    rest = rest.slice(label[0].length)
  }
  return { name: found[1]!, labels, value: Number(found[3]!.replace('Inf', 'Infinity')) }
}

/** Buckets must be cumulative and end with all values. */
function checkHistogram({ name, samples }: Family): void {
  const series = new Map<string, { last: number; bound: number; count?: number }>()
  for (const { name: of, labels, value } of samples) {
    const { le, ...rest } = labels
    const key = JSON.stringify(Object.entries(rest).sort())
    const known = series.get(key) ?? { last: 0, bound: Number.NEGATIVE_INFINITY }
    series.set(key, known)
    if (of.endsWith('_bucket')) {
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
      if (value < known.last || !(bound > known.bound)) throw new Error(`${name} has buckets that are not cumulative`)
      Object.assign(known, { last: value, bound })
    } else if (of.endsWith('_count')) known.count = value
  }
  for (const { last, bound, count } of series.values())
    if (bound !== Number.POSITIVE_INFINITY || last !== count) throw new Error(`${name} has no bucket of all values`)
}

/** Returns the value of one series; undefined if it is absent. */
export function seriesOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  for (const { samples } of families.values()) {
    const found = samples.find(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    if (found) return found.value
  }
  return undefined
}
