import { field, jsonField, length, max, numberField, pairOf, sum } from 'millrace'
import { requestLine } from './compare/files.mjs'
import { measured, sortedPairs } from './guard-support.mjs'
import { UsageError } from './options.mjs'
import { figure, table } from './report.mjs'
import { versus } from './versus.mjs'
import { random } from './words.mjs'

const BATCH_BYTES = 8 * 2 ** 20

/*
 * Chains of library functions on text, which run on bytes; the same as closures that kernels run; and as functions that
 * no kernel reads, because of an argument or an operator that changes nothing. Batches contain the same bytes, which have arrived before; `of` names the
 * kind of lines.
 */
/** The guard measures this chain too. */
export const JSON_SUMS = {
  name: 'JSON summed by a field',
  of: 'json',
  kernels: (lines) => lines.map(pairOf(jsonField('country'), jsonField('ms'))).reduceByKey(sum),
  written: (lines) =>
    lines
      .map((line) => {
        const { country, ms } = JSON.parse(line)
        return [country, ms]
      })
      .reduceByKey((a, b) => a + b),
  functions: (lines) =>
    lines
      .map((line) => {
        const { country, ms } = JSON.parse(line, undefined)
        return [country, ms]
      })
      .reduceByKey((a, b) => a + b),
}

/** A condition of two fields, which library functions do not have. The guard measures it too. */
export const FIELD_FILTER = {
  name: 'lines filtered by fields',
  of: 'fields',
  written: (lines) =>
    lines
      .filter((line) => {
        const fields = line.split(',')
        return Number(fields[3]) > 400 && fields[4] === 'EUR'
      })
      .count(),
  functions: (lines) =>
    lines
      .filter((line) => {
        const fields = line.split(',', undefined)
        return Number(fields[3]) > 400 && fields[4] === 'EUR'
      })
      .count(),
}

/** A key joined from two fields, and a computed number. The guard measures it too. */
export const COMPUTED_SUMS = {
  name: 'fields computed and joined',
  of: 'fields',
  written: (lines) =>
    lines
      .map((line) => {
        const fields = line.split(',')
        return [`${fields[1]}:${fields[4]}`, Math.round(Number(fields[3]) * 100)]
      })
      .reduceByKey((a, b) => a + b),
  functions: (lines) =>
    lines
      .map((line) => {
        const fields = line.split(',', undefined)
        return [`${fields[1]}:${fields[4]}`, Math.round(Number(fields[3]) * 100)]
      })
      .reduceByKey((a, b) => a + b),
}

/** Objects between steps, which kernels do not create. The guard measures it too. */
export const OBJECT_SUMS = {
  name: 'JSON objects filtered and summed',
  of: 'json',
  written: (lines) =>
    lines
      .map((line) => {
        const { country, page, ms } = JSON.parse(line)
        return { country, page, seconds: ms / 1000 }
      })
      .filter((request) => request.seconds > 0.1)
      .map((request) => [request.country, request.seconds])
      .reduceByKey((a, b) => a + b),
  functions: (lines) =>
    lines
      .map((line) => {
        const { country, page, ms } = JSON.parse(line, undefined)
        return { country, page, seconds: ms / 1000 }
      })
      .filter((request) => request.seconds > 0.1)
      .map((request) => [request.country, request.seconds])
      .reduceByKey((a, b) => a + b),
}

/** Objects for functions whose text kernels do not know. The guard measures it too. */
export const OBJECTS = {
  name: 'JSON objects for any function',
  of: 'json',
  written: (lines) =>
    lines
      .map((line) => JSON.parse(line))
      .filter((request) => request.page.indexOf('7') > 0)
      .map((request) => [request.country, request.ms])
      .reduceByKey((a, b) => a + b),
  functions: (lines) =>
    lines
      .map((line) => JSON.parse(line, undefined))
      .filter((request) => request.page.indexOf('7') > 0)
      .map((request) => [request.country, request.ms])
      .reduceByKey((a, b) => a + b),
}

/** Objects that a filter refuses, which kernels omit. The guard measures it too. */
export const REFUSED_OBJECTS = {
  name: 'JSON objects that a filter refuses',
  of: 'json',
  written: (lines) =>
    lines
      .map((line) => JSON.parse(line))
      .filter(({ status, ms }) => status === 200 && ms % 20 === 0)
      .map((request) => [request.country, request.ms])
      .reduceByKey((a, b) => a + b),
  functions: (lines) =>
    lines
      .map((line) => JSON.parse(line, undefined))
      .filter(({ status, ms }) => status === 200 && ms % 20 === 0)
      .map((request) => [request.country, request.ms])
      .reduceByKey((a, b) => a + b),
}

const ROWS = [
  {
    name: 'JSON counted by a field',
    of: 'json',
    kernels: (lines) => lines.map(jsonField('country')).countByValue(),
    written: (lines) => lines.map((line) => [JSON.parse(line).country, 1]).reduceByKey((a, b) => a + b),
    functions: (lines) => lines.map((line) => [JSON.parse(line, undefined).country, 1]).reduceByKey((a, b) => a + b),
  },
  JSON_SUMS,
  {
    name: 'fields summed by another',
    of: 'fields',
    kernels: (lines) => lines.map(pairOf(field(1), numberField(3))).reduceByKey(sum),
    written: (lines) =>
      lines
        .map((line) => {
          const fields = line.split(',')
          return [fields[1], Number(fields[3])]
        })
        .reduceByKey((a, b) => a + b),
    functions: (lines) =>
      lines
        .map((line) => {
          const fields = line.split(',', undefined)
          return [fields[1], Number(fields[3])]
        })
        .reduceByKey((a, b) => a + b),
  },
  COMPUTED_SUMS,
  {
    name: 'JSON computed and joined',
    of: 'json',
    written: (lines) =>
      lines
        .map((line) => {
          const { country, status, ms } = JSON.parse(line)
          return [`${country}-${status}`, ms / 1000]
        })
        .reduceByKey((a, b) => a + b),
    functions: (lines) =>
      lines
        .map((line) => {
          const { country, status, ms } = JSON.parse(line, undefined)
          return [`${country}-${status}`, ms / 1000]
        })
        .reduceByKey((a, b) => a + b),
  },
  OBJECT_SUMS,
  OBJECTS,
  REFUSED_OBJECTS,
  FIELD_FILTER,
  {
    name: 'longest line',
    of: 'fields',
    kernels: (lines) => lines.map(length()).reduce(max),
    written: (lines) => lines.map((line) => line.length).reduce((a, b) => Math.max(a, b)),
    functions: (lines) => lines.map((line) => line.length | 0).reduce((a, b) => Math.max(a, b)),
  },
]

/** Measures the gain of kernels over functions. */
export async function run({ threads, runs, quick, only }, log) {
  const bytes = quick ? BATCH_BYTES / 8 : BATCH_BYTES
  const texts = { json: textOf(bytes, requestLine), fields: textOf(bytes, fieldLine) }
  const chosen = ROWS.filter(({ name }) => only === undefined || only.split(',').includes(name))
  if (chosen.length === 0) {
    const names = ROWS.map(({ name }) => name)
    throw new UsageError(`There is no chain named '${only}'. Choose of ${names.join(', ')}.`)
  }
  const rows = []
  for (const { name, of, functions, ...ways } of chosen) {
    for (const way of Object.keys(ways)) {
      const contenders = [await measured(way, ways[way], threads), await measured('functions', functions, threads)]
      const [first, second] = contenders.map(({ name, run }) => ({ name, run: () => run(texts[of]) }))
      // Until the loops are optimised.
      for (let i = 0; i < (quick ? 2 : 20); i++) for (const each of [first, second]) await each.run()
      const figures = await versus(first, second, { runs: quick ? 1 : runs * 3, normal: sortedPairs })
      for (const each of contenders) await each.close()
      rows.push({ name, way, bytes: texts[of].length, ...figures })
    }
  }
  log(
    table(
      [
        '',
        'library functions or closures',
        'MB/s',
        'as functions MB/s',
        'times as fast',
        'min-max',
        'by cpu time',
        'foreign cores',
      ],
      rows.map(({ name, way, bytes, contenders, ratio, cpuRatio }) => [
        name,
        way === 'kernels' ? 'library' : 'closures',
        ...contenders.map(({ ms }) => figure(bytes / ms.median / 1000)),
        figure(ratio.median),
        `${figure(ratio.min)}-${figure(ratio.max)}`,
        figure(cpuRatio.median),
        figure(Math.max(...contenders.map(({ foreignCores }) => foreignCores.median))),
      ]),
    ),
  )
  return rows
}

export function fieldLine(next, n) {
  const price = (next() * 500).toFixed(2)
  return `${1_700_000_000_000 + n},shop-${Math.floor(1000 * next() * next())},u${Math.floor(next() * 1e5)},${price},EUR`
}

/** Returns `bytes` bytes of lines from `line(next, n)`, the same each time. */
export function textOf(bytes, line) {
  const next = random(10)
  let text = ''
  for (let n = 0; text.length < bytes; n++) text += `${line(next, n)}\n`
  return Buffer.from(text)
}
